/* Sixteen int32 at a time: ei_rescale_i32 and the way back to bytes. AVX-512. */
#ifndef EI_AVX512_INTEGERS_H
#define EI_AVX512_INTEGERS_H

#include "rescaling_blocks.h"

/* sum += dot products of four unsigned and four signed bytes. As an instruction of our own: with
 * the intrinsic, compilers copy every sum before and after. */
static inline __attribute__((always_inline)) void ei_dot16(__m512i *sum, __m512i x, __m512i w) {
  __asm__("vpdpbusd %2, %1, %0" : "+v"(*sum) : "v"(x), "v"(w));
}

/* The same of two signed 16-bit numbers each. */
static inline __attribute__((always_inline)) void ei_dot16_pairs(__m512i *sum, __m512i x,
                                                                 __m512i w) {
  __asm__("vpdpwssd %2, %1, %0" : "+v"(*sum) : "v"(x), "v"(w));
}

/* ei_high_mul by a multiplier that is not negative. Even and odd lanes are multiplied apart. */
static inline __m512i ei_high_mul16(__m512i x, __m512i multiplier) {
  const __m512i half = _mm512_set1_epi64((int64_t)1 << 30);
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, multiplier), half);
  const __m512i odd = _mm512_add_epi64(
      _mm512_mul_epi32(_mm512_srli_epi64(x, 32), _mm512_srli_epi64(multiplier, 32)), half);
  return _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 31), _mm512_slli_epi64(odd, 1));
}

/* The same for 2x, |x| < 2^30: the high half of the product lies ready. */
static inline __m512i ei_high_mul16_twice(__m512i x2, __m512i multiplier) {
  const __m512i half = _mm512_set1_epi64((int64_t)1 << 31);
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x2, multiplier), half);
  const __m512i odd = _mm512_add_epi64(
      _mm512_mul_epi32(_mm512_srli_epi64(x2, 32), _mm512_srli_epi64(multiplier, 32)), half);
  return _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 32), odd);
}

/* ei_divide_by_pot; `mask` is 2^right - 1. */
static inline __m512i ei_divide16(__m512i x, __m512i right, __m512i mask) {
  const __m512i rest = _mm512_and_si512(x, mask);
  const __m512i threshold = _mm512_sub_epi32(_mm512_srli_epi32(mask, 1), _mm512_srai_epi32(x, 31));
  const __mmask16 up = _mm512_cmpgt_epi32_mask(rest, threshold);
  const __m512i y = _mm512_srav_epi32(x, right);
  return _mm512_mask_sub_epi32(y, up, y, _mm512_set1_epi32(-1));
}

/* How 16 channels are rescaled, where sums are `small` (see ei_conv_params). */
typedef struct {
  __m512i multiplier, odd, left, right, add_even, add_odd;
  __mmask16 any; /* lanes that are shifted to the right */
} ei_factor16;

static inline ei_factor16 ei_load_factor16(const char *block) {
  ei_factor16 f;
  f.multiplier = _mm512_loadu_si512(block + EI_FACTOR_MULTIPLIER);
  f.odd = _mm512_loadu_si512(block + EI_FACTOR_ODD);
  f.left = _mm512_loadu_si512(block + EI_FACTOR_LEFT);
  f.right = _mm512_loadu_si512(block + EI_FACTOR_RIGHT);
  f.add_even = _mm512_loadu_si512(block + EI_FACTOR_ADD_EVEN);
  f.add_odd = _mm512_loadu_si512(block + EI_FACTOR_ADD_ODD);
  f.any = _mm512_test_epi32_mask(f.right, f.right);
  return f;
}

/* The upper halves of (products + what is added). */
static inline __m512i ei_upper16(__m512i x, const ei_factor16 *f) {
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, f->multiplier), f->add_even);
  const __m512i odd =
      _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(x, 32), f->odd), f->add_odd);
  return _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
}

/* ei_rescale_i32 and the zero point. `positive` (small is 2): two roundings one after the other,
 * both upwards, are one, as results below the zero point do not count; the shift is one less, as
 * the upper half is 32 bits up and not 31. Else sums are shifted one to the left more for that, and
 * a tie below zero is rounded away from it: the upper half has the sign of the sum, or is zero, and
 * then one less makes no difference. */
static inline __attribute__((always_inline)) __m512i ei_rescale16(__m512i x, const ei_factor16 *f,
                                                                  int positive) {
  if (positive) return _mm512_srav_epi32(ei_upper16(x, f), f->right);
  const __m512i upper = ei_upper16(_mm512_sllv_epi32(x, f->left), f);
  const __m512i away = _mm512_maskz_srai_epi32(f->any, x, 31);
  return _mm512_srav_epi32(_mm512_add_epi32(upper, away), f->right);
}

/* The same for any sums, without the zero point, with multipliers and shifts as they are. */
static inline __m512i ei_rescale16_large(__m512i x, const int32_t *multiplier,
                                         const int32_t *shift) {
  const __m512i zero = _mm512_setzero_si512(), one = _mm512_set1_epi32(1);
  const __m512i s = _mm512_loadu_si512(shift);
  const __m512i shifted = _mm512_sllv_epi32(x, _mm512_max_epi32(s, zero));
  const __m512i right = _mm512_max_epi32(_mm512_sub_epi32(zero, s), zero);
  const __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, right), one);
  return ei_divide16(ei_high_mul16(shifted, _mm512_loadu_si512(multiplier)), right, mask);
}

/* 64 numbers as bytes, saturated, in their order. */
static inline __attribute__((always_inline)) __m512i ei_bytes64(const __m512i *y) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i bytes =
      _mm512_packs_epi16(_mm512_packs_epi32(y[0], y[1]), _mm512_packs_epi32(y[2], y[3]));
  return _mm512_permutexvar_epi32(order, bytes);
}

/* The first `width` of 16 bytes. */
static inline void ei_store16(char *to, int32_t width, __m128i bytes) {
  if (width >= 16)
    _mm_storeu_si128((__m128i *)(void *)to, bytes);
  else if (width == 8)
    _mm_storel_epi64((__m128i *)(void *)to, bytes);
  else
    _mm_mask_storeu_epi8(to, (__mmask16)((1u << width) - 1), bytes);
}

/* The bounds of an output, its zero point taken off, and the zero point. */
typedef struct {
  __m512i low, high, zero;
} ei_bounds16;

static inline ei_bounds16 ei_load_bounds16(int32_t low, int32_t high, int32_t zero) {
  ei_bounds16 b;
  b.low = _mm512_set1_epi32(low - zero);
  b.high = _mm512_set1_epi32(high - zero);
  b.zero = _mm512_set1_epi32(zero);
  return b;
}

static inline __m512i ei_bound16(__m512i x, const ei_bounds16 *b) {
  return _mm512_add_epi32(_mm512_min_epi32(_mm512_max_epi32(x, b->low), b->high), b->zero);
}

#endif
