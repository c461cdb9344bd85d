"""Every snippet of the README runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from edgeinfer.export.targets.machines import find_machine
from edgeinfer.export.targets.toolchain import missing_tools

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
PYTHON = [code for language, code in BLOCKS if language == "python"]
COMMANDS = [
    line.split("#")[0].strip()
    for language, code in BLOCKS
    if language == "sh"
    for line in code.splitlines()
]


@pytest.mark.parametrize("code", PYTHON)
def test_python(code: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_commands(tmp_path: Path) -> None:
    """The `edgeinfer` commands in their order, on files of the names the README uses."""
    skops = pytest.importorskip("skops.io")
    X, y = load_iris(return_X_y=True)
    skops.dump(LogisticRegression(max_iter=500).fit(X, y), tmp_path / "model.skops")
    np.save(tmp_path / "X.npy", X)
    forest = next(code for code in PYTHON if "rows.npy" in code)
    subprocess.run([sys.executable, "-c", forest], cwd=tmp_path, check=True)
    commands = [c for c in COMMANDS if c.startswith("edgeinfer ")]
    assert commands
    assert 'edgeinfer = "edgeinfer.cli:main"' in (ROOT / "pyproject.toml").read_text()
    for command in commands:
        words = shlex.split(command)
        if "--target" in words and missing_tools(find_machine(words[words.index("--target") + 1])):
            continue  # what is missing and how it is installed is tested elsewhere
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)


def test_make_targets_and_installs() -> None:
    """`make demo` and `make test` are too long to run inside themselves: CI runs both."""
    makefile = (ROOT / "Makefile").read_text()
    ci = (ROOT / ".ci" / "run").read_text()
    extras = (ROOT / "pyproject.toml").read_text()
    for command in COMMANDS:
        if command.startswith("make "):
            target = command.split()[1]
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), command
            assert command in ci, command
        elif command.startswith("pip install"):
            for extra in re.findall(r"\[(\w+)\]", command):
                assert re.search(rf"^{extra} = \[", extras, re.MULTILINE), command
        else:
            assert not command or command.startswith("edgeinfer "), command


def test_links() -> None:
    """What the README points to in the repository is there."""
    targets = [t for t in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in t]
    assert len(targets) > 3
    for target in targets:
        assert (ROOT / target).exists(), target


def test_figures_have_a_place() -> None:
    """`make bench` writes between these lines."""
    for what in ("figures", "microcontrollers"):
        start, end = f"<!-- {what}: make bench -->", f"<!-- end of {what} -->"
        assert README.count(start) == README.count(end) == 1
        assert README.index(start) < README.index(end)
