"""What a figure depends on besides the code: processor, compiler, versions, commit."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

LIBRARIES = (
    "numpy",
    "scikit-learn",
    "onnxruntime",
    "skl2onnx",
    "treelite",
    "tl2cgen",
    "ydf",
    "xgboost",
    "xgboost-cpu",
    "lightgbm",
    "daal4py",
    "scikit-learn-intelex",
    "faiss-cpu",
    "usearch",
    "ai-edge-litert",
)


def describe() -> dict[str, Any]:
    """Everything about this machine and build that a reader of the figures needs."""
    from edgeinfer.runtime.program import chosen_isa

    return {
        "processor": _processor(),
        "instruction_set": chosen_isa(),
        "compiler": _first_line("cc", "--version"),
        "python": platform.python_version(),
        "commit": _first_line("git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Installed versions of the peers."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _first_line(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return "not there"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0].strip() or "not there"
