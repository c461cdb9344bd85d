"""How near a batch of ic comes to what the processor can do in int8, with one and more threads.

    python -m bench.int8_peak ../shared/models/mlperf-tiny/ic_int8.tflite

The peak is measured in the same process: a loop of nothing but dot products of bytes (VNNI) in
registers, compiled here. Multiply-accumulates of a network are those of its layers, counted once
each; what else it does (rescaling, sums, pooling) counts as time only.
"""

from __future__ import annotations

import argparse
import ctypes
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

ROWS = 64
REPEATS = 15
SUMS = 12
LOOP = (
    """
#include <immintrin.h>
void ei_peak(long long rounds, int threads) {
#pragma omp parallel num_threads(threads)
  for (long long r = 0; r < rounds; r++)
    __asm__ volatile(
"""
    + "".join(f'      "vpdpbusd %%zmm30, %%zmm31, %%zmm{i}\\n"\n' for i in range(SUMS))
    + """
      ::: "zmm0", "zmm1", "zmm2", "zmm3", "zmm4", "zmm5", "zmm6", "zmm7", "zmm8", "zmm9",
          "zmm10", "zmm11");
}
"""
)


def best(call: Callable[[], object]) -> float:
    """Seconds of the fastest of some runs."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def peak(threads: int) -> float:
    """Products of bytes a second."""
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "peak.c"), Path(folder, "peak.so")
        source.write_text(LOOP)
        flags = ["-O3", "-mavx512f", "-mavx512vnni", "-fopenmp", "-shared", "-fPIC"]
        subprocess.run(["cc", *flags, str(source), "-o", str(library)], check=True)
        run = ctypes.CDLL(str(library)).ei_peak
        run.restype, run.argtypes = None, (ctypes.c_longlong, ctypes.c_int)
        rounds = 400_000
        seconds = best(lambda: run(rounds, threads))
        return rounds * SUMS * 64 * threads / seconds


def main() -> None:
    import edgeinfer
    from edgeinfer.lower import lower

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    model = edgeinfer.convert(options.network)
    ((name, kind),) = model.inputs.items()
    x = np.random.default_rng(0).integers(-128, 128, (ROWS, *kind.shape)).astype(kind.dtype)
    macs = lower(model.graph, model.graph.methods["run"].tensors).macs_per_row
    one_by_one = np.concatenate([next(iter(model.run({name: r[None]}).values())) for r in x])
    for threads in options.threads:
        with threadpool_limits(threads):
            (answer,) = model.run({name: x}).values()
            np.testing.assert_array_equal(answer, one_by_one)
            seconds = best(lambda: model.run({name: x}))
        reached, most = ROWS * macs / seconds, peak(threads)
        print(
            f"{threads} threads, {ROWS} rows: {seconds * 1e6:.0f} us, {reached / 1e9:.0f} of "
            f"{most / 1e9:.0f} products a nanosecond, {reached / most:.0%} of the peak"
        )


if __name__ == "__main__":
    main()
