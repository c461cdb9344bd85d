"""The table of operators in docs/networks.md, made from the tests that there are.

``python -m tests.converters.operator_table`` writes it into the page.
"""

from __future__ import annotations

from pathlib import Path

from tests.converters.operator_cases import CASES

PAGE = Path(__file__).parents[2] / "docs" / "networks.md"
BEGIN, END = "<!-- operators -->\n", "<!-- end of operators -->\n"
TYPES = ("float32", "int8", "int16", "int32")
# What test_tflite.py and test_recurrent.py test, in more than one form each.
ELSEWHERE = {
    name: {"float32": "near", "int8": "equal", "int16": "equal"}
    for name in (
        "AVERAGE_POOL_2D",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "FULLY_CONNECTED",
        "MAX_POOL_2D",
        "TRANSPOSE_CONV",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
    )
}


def marks() -> dict[str, dict[str, str]]:
    """Operator -> type -> how near it is to whom."""
    found: dict[str, dict[str, str]] = {name: dict(types) for name, types in ELSEWHERE.items()}
    for case in CASES:
        if case.operator == "CAST" or case.dtype not in TYPES:
            continue
        floats = case.outputs[0].dtype == "float32"
        mark = "near" if floats else ("equal" if case.oracle == "micro" else "unit")
        if case.oracle == "litert" and case.tolerance == 0:
            mark = "same"
        types = found.setdefault(case.operator, {})
        # The best there is: some forms of an operator only LiteRT runs.
        if types.get(case.dtype) != "equal":
            types[case.dtype] = mark
    return found


WORDS = {"near": "1e-5", "equal": "equal", "same": "equal (LiteRT)", "unit": "1 unit (LiteRT)"}


def table() -> str:
    """The table as Markdown."""
    lines = [f"| operator | {' | '.join(TYPES)} |", "|---|---|---|---|---|"]
    for name, types in sorted(marks().items()):
        cells = (WORDS[types[t]] if t in types else "" for t in TYPES)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def with_table(text: str) -> str:
    """The page with the table in its place."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return head + BEGIN + "\n" + table() + "\n" + END + tail


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
