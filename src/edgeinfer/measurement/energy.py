"""Energy, by proxies that say what they are.

`operation_model` counts multiply-adds and bytes and weighs them with published energies: good for
comparing precisions, not a measurement. `Rapl` reads the processor's own counter where the host
has one. Where it has none there is no figure.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgeinfer.measurement.size import Sizes, layers
from edgeinfer.runtime.model import Model

SOURCE = (
    "M. Horowitz, 'Computing's energy problem (and what we can do about it)', ISSCC 2014: "
    "45 nm, 0.9 V"
)

# Picojoules of one multiply and one add. Published: 8 and 32 bit integers, 32 bit floats.
# Scaled from those: a 16 bit product from the 8 bit one by the square of the width; a 64 bit
# float product from the 32 bit one by the square of the mantissas (53 and 24 bits), its sum by two.
MULTIPLY = {"int8": 0.2, "int16": 0.8, "int32": 3.1, "float32": 3.7, "float64": 18.0}
ADD = {"int8": 0.1, "int16": 0.1, "int32": 0.1, "float32": 0.9, "float64": 1.8}
LIKE = {"uint8": "int8", "uint16": "int16", "int64": "int32"}

# Memory that holds so many bytes: picojoules to read 64 bits from it. DRAM: the published range
# is 1300 to 2600, its lower end is taken.
LEVELS = (
    (8 << 10, 10.0, "8 kB cache"),
    (32 << 10, 20.0, "32 kB cache"),
    (1 << 20, 100.0, "1 MB cache"),
)
DRAM = (1300.0, "DRAM")


@dataclass(frozen=True)
class OperationModel:
    """Picojoules a row by the operation model: arithmetic, parameters read, values moved."""

    compute_pj: float
    parameters_pj: float
    values_pj: float
    parameters_in: str
    values_in: str
    source: str = SOURCE

    @property
    def total_nj(self) -> float:
        """Everything, in nanojoules a row."""
        return (self.compute_pj + self.parameters_pj + self.values_pj) / 1000

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"total_nj": self.total_nj, **asdict(self)}


def operation_model(model: Model, sizes: Sizes) -> OperationModel:
    """Weigh what one row costs in the method that `sizes` is about.

    Parameters are taken to lie in the smallest level that holds all of them, the values between
    ops in the smallest that holds the working memory of a row; each value is written and read once.
    """
    compute = 0.0
    for layer in layers(model, sizes.method):
        dtype = LIKE.get(layer.dtype, layer.dtype)
        compute += layer.macs * (MULTIPLY[dtype] + ADD[dtype])
    parameters, parameters_in = level(sizes.parameter_bytes)
    values, values_in = level(sizes.row_arena_bytes)
    return OperationModel(
        compute,
        sizes.parameter_bytes_read * parameters / 8,
        sizes.value_bytes_moved * values / 8,
        parameters_in,
        values_in,
    )


def level(size: int) -> tuple[float, str]:
    """Picojoules to read 64 bits from the smallest memory that holds `size` bytes; its name."""
    for limit, energy, name in LEVELS:
        if size <= limit:
            return energy, name
    return DRAM


class Rapl:
    """The energy counters of the processor packages (Linux powercap); counts everything they do."""

    def __init__(self, folder: Path = Path("/sys/class/powercap")) -> None:
        self._zones = []
        for zone in sorted(folder.glob("intel-rapl:?")):
            try:
                limit = int((zone / "max_energy_range_uj").read_text())
                int((zone / "energy_uj").read_text())
            except (OSError, ValueError):
                continue  # there, but not for us to read
            self._zones.append((zone / "energy_uj", limit))

    @property
    def available(self) -> bool:
        """Whether there is a counter to read."""
        return bool(self._zones)

    def read(self) -> list[int]:
        """The counters, in microjoules."""
        return [int(path.read_text()) for path, _ in self._zones]

    def since(self, before: list[int]) -> float:
        """Microjoules used since `before` was read."""
        now = self.read()
        return float(
            sum(
                n - b if n >= b else n - b + limit
                for n, b, (_, limit) in zip(now, before, self._zones, strict=True)
            )
        )
