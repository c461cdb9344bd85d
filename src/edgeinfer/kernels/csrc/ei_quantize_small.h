/* Quantization of float32 for small targets: the integers of ei_quantize.h, bit for bit, without
 * libm and, where there is no floating-point unit, without floating-point division.
 *
 * Features of the same offset, step and zero point share them. With x - offset = +-m * 2^e and
 * step = +-s * 2^f (both 24 bits), the quotient rounded to float32 is at least n + 1/2 exactly if
 * m * 2^(e - f + 1) - s * (2n + 1) >= -(s >> (23 - E)), E the exponent of n + 1/2: half a unit in
 * the last place below n + 1/2 rounds up to it, a tie to the even of the two, which it is. */
#ifndef EI_QUANTIZE_SMALL_H
#define EI_QUANTIZE_SMALL_H

#include <string.h>

#include "ei_check_small.h"
#include "ei_saturate.h"
#include "ei_types.h"

typedef struct {
  const float *offset;        /* per kind; NULL: none */
  const float *step;          /* per kind, 2^-100 <= |step| <= 2^100 */
  const int32_t *zero;        /* per kind */
  const uint16_t *reciprocal; /* per kind: 2^38 / s, rounded down */
  const uint8_t *kinds;       /* n kinds; NULL: feature i is of kind i * stride */
  int32_t stride;
  int32_t n;
  int32_t repeat; /* a row is `repeat` runs of n values */
  int32_t guard;  /* refuse infinities and NaN; without, a NaN becomes the smallest integer */
} ei_quantize_small_params;

enum { EI_QUANTIZE_MOST = 1 << 18 };

#ifdef EI_HAVE_FLOAT_UNIT
/* 2 * value, rounded towards zero; far beyond every code anything as large. */
EI_API int32_t ei_twice(float value) {
  const float twice = value + value;
#if defined(__GNUC__) && defined(__arm__) && !defined(__SOFTFP__)
  float converted;
  int32_t result;
  __asm__("vcvt.s32.f32 %0, %1" : "=t"(converted) : "t"(twice)); /* saturates */
  memcpy(&result, &converted, sizeof result);
  return ei_saturate_20(result);
#else
  const float most = 524287.0f;
  return (int32_t)(twice >= most ? most : (twice > -most ? twice : -most));
#endif
}

/* The quotient, rounded half away from zero. */
EI_API int32_t ei_quotient(float x, float step, uint32_t reciprocal) {
  const int32_t twice = ei_twice(x / step);
  (void)reciprocal;
  return (twice + (twice >> 31) + 1) >> 1;
}

/* What stays finite while all values are (unless it overflows). */
EI_API float ei_not_finite(float before, float x) { return before + x; }
EI_API int ei_is_not_finite(float all) { return !(all - all == 0.0f); }
typedef float ei_finite_sum;
#else
/* Whether the quotient reaches n + 1/2 although it is `missing` / 2s short of it. */
EI_API int ei_rounds_up(uint32_t s, uint32_t n, uint32_t missing) {
  int32_t exponent = -1;
  while (exponent < 23 && n >> (exponent + 1) != 0) exponent++;
  return missing <= s >> (23 - exponent);
}

EI_API int32_t ei_quotient(float x, float step, uint32_t reciprocal) {
  uint32_t a, b;
  memcpy(&a, &x, sizeof a);
  memcpy(&b, &step, sizeof b);
  const uint32_t m = (a & 0x7FFFFFu) | 0x800000u, s = (b & 0x7FFFFFu) | 0x800000u;
  const int32_t k = (int32_t)((a << 1) >> 24) - (int32_t)((b << 1) >> 24);
  uint32_t n = 0;
  if (k >= 18) {
    n = EI_QUANTIZE_MOST;
  } else if (k >= -1) {
    /* From below, by a few parts in 2^15. */
    n = ((m >> 8) * reciprocal + ((uint32_t)1 << (29 - k))) >> (30 - k);
    for (;;) {
      const uint32_t beyond = (m << (k + 1)) - s * (2 * n + 1);
      if ((beyond >> 31) != 0 && (-beyond >= (uint32_t)1 << 19 || !ei_rounds_up(s, n, -beyond)))
        break;
      n++;
    }
  }
  return (a ^ b) >> 31 ? -(int32_t)n : (int32_t)n;
}

EI_API uint32_t ei_not_finite(uint32_t before, float x) { return before | ei_beyond_bit(&x); }
EI_API int ei_is_not_finite(uint32_t all) { return (int)(all >> 31); }
typedef uint32_t ei_finite_sum;
#endif

#define EI_INT_BITS 8
#include "ei_quantize_small_body.h"
#undef EI_INT_BITS
#define EI_INT_BITS 16
#include "ei_quantize_small_body.h"
#undef EI_INT_BITS

#endif
