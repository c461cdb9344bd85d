/* Fixed-point rescaling as TensorFlow Lite Micro's reference kernels do it: a sum of integer
 * products becomes an output integer by multiplication with multiplier * 2^(shift - 31).
 *
 * `>>` of a negative number is taken to be arithmetic, as it is with every compiler we know. */
#ifndef EI_FIXED_H
#define EI_FIXED_H

#include "ei_types.h"

/* Cores without a multiplication of 32 by 32 to 64 bits (Cortex-M0, M23) would call a function of
 * the compiler's for it: there a product is made of products of halves. */
#if defined(__thumb__) && !defined(__thumb2__)
#define EI_MULTIPLY_HALVES 1
#endif

/* The high half of 2ab, rounded to nearest; a tie goes up. Not both may be INT32_MIN. */
EI_API int32_t ei_high_product(int32_t a, int32_t b) {
#ifdef EI_MULTIPLY_HALVES
  const int32_t a_low = a & 0xFFFF, b_low = b & 0xFFFF, a_high = a >> 16, b_high = b >> 16;
  const uint32_t low = (uint32_t)a_low * (uint32_t)b_low;
  const int32_t first = a_high * b_low + (int32_t)(low >> 16);
  const int32_t second = a_low * b_high + (first & 0xFFFF);
  const int32_t high = a_high * b_high + (first >> 16) + (second >> 16);
  /* Bits 31 and up of the product, and bit 30 to round with. */
  return (int32_t)((uint32_t)high << 1) + (((second & 0xFFFF) + 0x4000) >> 15);
#else
  return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
#endif
}

/* The same, INT32_MIN squared saturating. The reference divides, truncating, after adding 2^30 or
 * 1 - 2^30 by sign, which is the same. */
EI_API int32_t ei_high_mul(int32_t a, int32_t b) {
  if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
  return ei_high_product(a, b);
}

/* x / 2^exponent to nearest, a tie away from zero; 0 <= exponent <= 31. */
EI_API int32_t ei_divide_by_pot(int32_t x, int32_t exponent) {
  const int32_t mask = (int32_t)(((uint32_t)1 << exponent) - 1);
  const int32_t threshold = (mask >> 1) + (x < 0);
  return (x >> exponent) + ((x & mask) > threshold);
}

/* x * multiplier * 2^(shift - 31), rounded twice; -31 <= shift <= 30, 0 <= multiplier. A left shift
 * drops what leaves 32 bits. */
EI_API int32_t ei_rescale_i32(int32_t x, int32_t multiplier, int32_t shift) {
  if (shift > 0) return ei_high_product((int32_t)((uint32_t)x << shift), multiplier);
  return ei_divide_by_pot(ei_high_product(x, multiplier), -shift);
}

/* The upper 15 bits of a multiplier, rounded: what 64-bit sums are multiplied with. */
EI_API int32_t ei_reduced_multiplier(int32_t multiplier) {
  return multiplier < 0x7FFF0000 ? (multiplier + (1 << 15)) >> 16 : 0x7FFF;
}

/* The same for 64-bit sums, |x| < 2^47, with the reduced multiplier and one rounding, a tie up;
 * -31 <= shift <= 14. The result keeps its low 32 bits. */
EI_API int32_t ei_rescale_i64(int64_t x, int32_t multiplier, int32_t shift) {
  const int32_t right = 15 - shift;
  const int64_t product = x * ei_reduced_multiplier(multiplier);
  return (int32_t)(uint32_t)((product + ((int64_t)1 << (right - 1))) >> right);
}

EI_API int32_t ei_clamp_i32(int32_t x, int32_t low, int32_t high) {
  return x < low ? low : (x > high ? high : x);
}

/* x + zero within low .. high; clamped before they meet, as x may be any number. */
EI_API int32_t ei_output_i32(int32_t x, int32_t zero, int32_t low, int32_t high) {
  return ei_clamp_i32(x, low - zero, high - zero) + zero;
}

#endif
