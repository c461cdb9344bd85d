"""The product of halves, which cores without a long multiplication use, is the long product."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compilers import CSRC, need, run

HALVES = """
#define EI_MULTIPLY_HALVES 1
#include "ei_fixed.h"
int32_t halves(int32_t a, int32_t b);
int32_t halves(int32_t a, int32_t b) { return ei_high_mul(a, b); }
"""
SOURCE = """
#include <stdio.h>
#include "ei_fixed.h"
int32_t halves(int32_t a, int32_t b);

static uint32_t state = 1;
static int32_t any(void) {
  static const int32_t edges[] = {0, 1, -1, 0x7FFF, 0x8000, 0xFFFF, 0x10000, -0x8000, -0x10000,
                                  INT32_MAX, INT32_MIN, INT32_MIN + 1, 1 << 30, -(1 << 30)};
  state = state * 1664525u + 1013904223u;
  if ((state >> 24) < 64) return edges[(state >> 8) % 14];
  const uint32_t high = state >> 8;
  state = state * 1664525u + 1013904223u;
  return (int32_t)((high << 12) ^ (state >> 8)) >> (state & 15);
}

int main(void) {
  for (long i = 0; i < 2000000; i++) {
    const int32_t a = any(), b = any();
    if (halves(a, b) != ei_high_mul(a, b)) return printf("%ld %ld\\n", (long)a, (long)b);
  }
  return 0;
}
"""


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_halves_make_the_long_product(compiler: str, tmp_path: Path) -> None:
    path = need(compiler)
    (tmp_path / "halves.c").write_text(HALVES)
    (tmp_path / "main.c").write_text(SOURCE)
    binary = tmp_path / "halves"
    sanitize = ("-fsanitize=signed-integer-overflow", "-fsanitize-undefined-trap-on-error")
    flags = ("-std=c99", "-O1", "-Wno-unused-function", *sanitize)
    run(path, *flags, "-I", CSRC, tmp_path / "halves.c", tmp_path / "main.c", "-o", binary)
    run(binary)
