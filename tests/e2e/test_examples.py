"""The examples run, each with the answers it promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_activity_recognition() -> None:
    pytest.importorskip("aeon", reason="the recordings are in the package aeon: extra [examples]")
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "activity_recognition.py"), "--seconds", "0.01"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "scikit-learn" in done.stdout
    assert "FAILED" not in done.stdout
    assert "NO" not in done.stdout.split()
