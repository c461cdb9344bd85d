"""Identifiers, enums of labels, and text that cannot leave its comment or string."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeinfer.errors import InvalidParameterError

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,47}\Z")
# Keywords of C and C++, and names that the Arduino core or C's headers take.
_RESERVED = frozenset(
    [
        "alignas",
        "alignof",
        "and",
        "asm",
        "auto",
        "bitand",
        "bitor",
        "bool",
        "break",
        "case",
        "catch",
        "char",
        "char16_t",
        "char32_t",
        "char8_t",
        "class",
        "compl",
        "concept",
        "const",
        "const_cast",
        "consteval",
        "constexpr",
        "constinit",
        "continue",
        "decltype",
        "default",
        "delete",
        "do",
        "double",
        "dynamic_cast",
        "else",
        "enum",
        "explicit",
        "export",
        "extern",
        "false",
        "float",
        "for",
        "friend",
        "goto",
        "if",
        "inline",
        "int",
        "long",
        "main",
        "mutable",
        "namespace",
        "new",
        "noexcept",
        "not",
        "nullptr",
        "operator",
        "or",
        "private",
        "protected",
        "public",
        "register",
        "reinterpret_cast",
        "requires",
        "restrict",
        "return",
        "setup",
        "short",
        "signed",
        "sizeof",
        "static",
        "static_cast",
        "struct",
        "switch",
        "template",
        "this",
        "throw",
        "true",
        "try",
        "typedef",
        "typeid",
        "typename",
        "union",
        "unsigned",
        "using",
        "virtual",
        "void",
        "volatile",
        "wchar_t",
        "while",
        "xor",
        "loop",
    ]
)


def check_name(name: str) -> str:
    """`name`, if every symbol of an export can begin with it; InvalidParameterError otherwise."""
    if (
        not isinstance(name, str)
        or not _IDENTIFIER.match(name)
        or name.lower() in _RESERVED
        or name.lower() == "ei"
        or name.lower().startswith("ei_")
    ):
        raise InvalidParameterError(
            f"{name!r} cannot be the name of a model in C: it takes letters, digits and _, begins "
            "with a letter, has at most 48 characters, is no keyword and does not begin with ei_"
        )
    return name


def identifier(text: str) -> str:
    """`text` as a part of an identifier: ASCII letters, digits and single underscores."""
    ascii_text = "".join(
        c if c.isascii() and c.isalnum() else ("_" if c.isascii() else f"_u{ord(c):x}_")
        for c in text
    )
    return re.sub(r"_+", "_", ascii_text).strip("_") or "x"


def comment(text: str) -> str:
    """`text` on one line, without anything that ends or opens a comment."""
    line = "".join(c if c.isascii() and c.isprintable() else "?" for c in text)
    return line.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?").replace("\\", "/")


def string(text: str) -> str:
    """`text` as a C string in UTF-8."""
    parts = []
    for byte in text.encode("utf-8", "surrogatepass"):
        char = chr(byte)
        if char in '"\\?' or not 32 <= byte < 127:
            parts.append(f"\\{byte:03o}")
        else:
            parts.append(char)
    return f'"{"".join(parts)}"'


class Labels:
    """The classes of one output as C sees them: `values[i]` stands for the label ``texts[i]``.

    `indexed`: `predict` gives the place in `classes_`; otherwise it gives the (integer) label.
    """

    def __init__(self, table: np.ndarray, indexed: bool) -> None:
        self.indexed = indexed
        self.texts = [str(label) for label in table.tolist()]
        self.values = list(range(len(table))) if indexed else [int(v) for v in table.tolist()]

    @property
    def counted(self) -> bool:
        """Whether the values are 0, 1, 2 ..."""
        return self.values == list(range(len(self.values)))

    def enumerators(self, prefix: str) -> list[str]:
        """A distinct enumerator for each class."""
        names: list[str] = []
        for text in self.texts:
            minus = "MINUS_" if text.startswith("-") else ""
            name = f"{prefix}_{minus}{identifier(text)}".upper()
            while name in names:
                name += "_"
            names.append(name)
        return names


def distinct(names: Sequence[str]) -> list[str]:
    """The names, with a number after those that came before."""
    result: list[str] = []
    for name in names:
        candidate, number = name, 2
        while candidate in result:
            candidate, number = f"{name}_{number}", number + 1
        result.append(candidate)
    return result


def plural(count: int, what: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def shape_text(shape: tuple[int, ...]) -> str:
    """A row's shape in words, for comments."""
    if not shape:
        return "1 value"
    product: Any = " x ".join(map(str, shape))
    return f"{product} values"
