"""The layering of docs/design.md, read from the imports: arrows go down only."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src"
FILES = sorted(SRC.rglob("*.py"))

# A package, and what nothing in it may import. `_native` is the compiled extension.
FORBIDDEN = {
    "edgeinfer.graph": ["converters", "quantize", "runtime", "export", "format", "lower", "cli"],
    "edgeinfer.ops": ["converters", "quantize", "runtime", "export", "format", "lower", "cli"],
    "edgeinfer.target": ["converters", "quantize", "runtime", "export", "format", "lower", "cli"],
    "edgeinfer.format": ["converters", "quantize", "runtime", "export", "lower", "cli"],
    "edgeinfer.lower": ["converters", "quantize", "runtime", "export", "format", "cli"],
    "edgeinfer.converters": ["runtime", "export", "quantize", "verification", "measurement", "cli"],
    "edgeinfer.quantize": ["runtime", "export", "converters", "verification", "measurement", "cli"],
    "edgeinfer.runtime": ["converters", "quantize", "export", "verification", "measurement", "cli"],
    "edgeinfer.export": ["runtime._native", "runtime.program", "runtime.model", "cli"],
    "edgeinfer.kernels": ["quantize", "export", "verification", "measurement", "cli"],
    "edgeinfer.verification": ["cli"],
    "edgeinfer.measurement": ["cli"],
    "edgeinfer.errors": ["graph", "ops", "runtime", "converters", "format"],
}

# What `import edgeinfer` may bring: everything else is imported where it is used.
RUNTIME_DEPENDENCIES = {"numpy", "safetensors"}


def _module(path: Path) -> str:
    parts = list(path.relative_to(SRC).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path, top_level_only: bool = False) -> Iterator[tuple[int, str]]:
    """Line and full name of everything `path` imports; TYPE_CHECKING blocks import nothing."""
    package = _module(path) if path.name == "__init__.py" else _module(path).rpartition(".")[0]

    def walk(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                continue
            if top_level_only and isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            yield child
            yield from walk(child)

    for node in walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, base]).rstrip(".")
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).endswith("import_module")
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node.lineno, str(node.args[0].value)


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def test_the_walk_sees_imports() -> None:
    """The other tests are worth something only if imports are found at all."""
    found = {name for path in FILES for _, name in _imports(path)}
    assert "edgeinfer.lower.lower" in found
    assert "numpy" in found
    assert len(FILES) > 25


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_imports_go_down_only(layer: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in FILES
        if _within(_module(path), layer)
        for line, name in _imports(path)
        for package in FORBIDDEN[layer]
        if _within(name, f"edgeinfer.{package}")
    ]
    assert not wrong, "\n".join(wrong)


def test_the_package_imports_neither_tests_nor_benchmarks() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in FILES
        for line, name in _imports(path)
        if name.partition(".")[0] in {"tests", "bench", "fuzz", "examples"}
    ]
    assert not wrong, "\n".join(wrong)


def test_optional_dependencies_are_imported_where_they_are_used() -> None:
    """Only the command line's own modules may name theirs at the top of a file."""
    wrong = []
    for path in FILES:
        allowed = {"click", "rich"} if _within(_module(path), "edgeinfer.cli") else set()
        for line, name in _imports(path, top_level_only=True):
            top = name.partition(".")[0]
            known = top in sys.stdlib_module_names or top == "edgeinfer"
            if not known and top not in RUNTIME_DEPENDENCIES | allowed:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name} when it is imported")
    assert not wrong, "\n".join(wrong)


def test_importing_edgeinfer_brings_nothing_else() -> None:
    """Neither for `import edgeinfer` nor for what a service needs: load and predict."""
    code = (
        "import sys; import edgeinfer; edgeinfer.load; edgeinfer.Model;"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {"sklearn", "scipy", "pandas", "polars", "narwhals", "joblib", "click", "rich"}
    foreign = set(done.stdout.split()) & heavy
    assert not foreign, f"import edgeinfer also imports {foreign}"
