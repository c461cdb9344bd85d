"""The kernel headers as text: what an export copies, and which kernel is in which of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

from edgeinfer.errors import GraphError

_INCLUDE = re.compile(r'^#include "([^"]+)"$', re.M)
_SECTION = re.compile(r"^/\* (ei_\w+\.h.*) \*/$|^EI_KERNEL\((\w+), (\w+)\)$", re.M)
_STATUS = re.compile(r"^\s*EI_(\w+) = (\d+),?\s*(?:/\* (.*?) \*/)?$", re.M)


@cache
def read(name: str) -> str:
    """The text of a kernel header."""
    return (resources.files("edgeinfer.kernels") / "csrc" / name).read_text("utf-8")


@cache
def _declaring() -> dict[str, str]:
    """Parameter struct -> the header that declares it."""
    folder = resources.files("edgeinfer.kernels") / "csrc"
    names = sorted(e.name for e in folder.iterdir() if e.name.startswith("ei_"))
    return {
        struct: name
        for name in names
        if name.endswith(".h")
        for struct in re.findall(r"^\} (ei_\w+_params);", read(name), re.M)
    }


@cache
def kernel_headers() -> dict[str, frozenset[str]]:
    """Kernel -> the headers it may be in: those that the title of its section in ei_kernels.def
    names, and the one that declares its parameters.
    """
    headers: dict[str, frozenset[str]] = {}
    titled: list[str] = []
    for title, kernel, struct in _SECTION.findall(read("ei_kernels.def")):
        if title:
            titled = re.findall(r"ei_\w+\.h", title)
        else:
            headers[kernel] = frozenset((*titled, _declaring()[struct]))
    return headers


def headers_for(kernels: Iterable[str]) -> list[str]:
    """The family headers that define these kernels, without what they include."""
    known = kernel_headers()
    missing = sorted(set(kernels) - set(known))
    if missing:
        raise GraphError(f"no header has the kernel {', '.join(missing)}")
    return sorted({header for kernel in kernels for header in known[kernel]} | {"ei_types.h"})


def closure(headers: Iterable[str]) -> list[str]:
    """The headers and everything they include."""
    found: dict[str, None] = {}
    waiting = list(headers)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting += _INCLUDE.findall(read(name))
    return sorted(found)


def inlined(headers: Iterable[str]) -> str:
    """The headers as one text, every include of them replaced by what it includes.

    Guarded headers come once, bodies that are included per type as often as they are included.
    """
    seen: set[str] = set()

    def expand(name: str) -> str:
        text = read(name)
        if re.search(r"^#ifndef EI_\w+_H$", text, re.M):
            if name in seen:
                return ""
            seen.add(name)
        return _INCLUDE.sub(lambda match: expand(match[1]), text)

    return "\n".join(expand(name) for name in headers)


def statuses() -> list[tuple[str, int, str]]:
    """Name without EI_, value and meaning of every status a kernel may answer on a device."""
    body = re.search(r"typedef enum \{(.*?)\} ei_status;", read("ei_types.h"), re.S)
    assert body is not None
    found = [(name, int(value), text) for name, value, text in _STATUS.findall(body[1])]
    return [entry for entry in found if "host only" not in entry[2]]
