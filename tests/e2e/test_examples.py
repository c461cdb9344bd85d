"""The examples run, each with the answers it promises."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def needs_recordings() -> None:
    """Skips without the package; it is not imported, as what it requires need not be there."""
    if importlib.util.find_spec("aeon") is None:
        pytest.skip("the recordings are in the package aeon: pip install --no-deps aeon")


def run_example(name: str, *options: str) -> str:
    """What an example prints; it has to keep its promises."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_activity_recognition() -> None:
    needs_recordings()
    text = run_example("activity_recognition.py", "--seconds", "0.01")
    assert "scikit-learn" in text
    assert "FAILED" not in text
    assert "NO" not in text.split()


def test_digits_network(tmp_path: Path) -> None:
    text = run_example("digits_network.py", "--epochs", "4", "--output", str(tmp_path))
    for part in ("float32", "int16", "int8", "dB"):
        assert part in text
    assert (tmp_path / "digits.tflite").read_bytes()[4:8] == b"TFL3"


def test_motion_networks() -> None:
    needs_recordings()
    text = run_example("motion_networks.py", "--epochs", "6")
    assert text.count("int8") == 2
    assert "gestures" in text


def test_without_the_recordings() -> None:
    """A clear word about what to install, and nothing of aeon's code is run."""
    code = (
        "import sys; sys.path.insert(0, 'examples'); import importlib.util as u;"
        "u.find_spec = lambda name: None;"
        "import recordings; recordings.load('BasicMotions', 'TEST')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 1
    assert "pip install --no-deps aeon" in done.stderr
    assert "Traceback" not in done.stderr
