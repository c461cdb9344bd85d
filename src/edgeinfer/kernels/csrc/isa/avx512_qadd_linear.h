/* Sums of quantized int8 tensors that are one linear form, 64 at a time. */
#ifndef EI_AVX512_QADD_LINEAR_H
#define EI_AVX512_QADD_LINEAR_H

#include "../ei_qbinary_params.h"
#include "avx512_integers.h"

/* Factors as pairs of 16-bit numbers, for products of pairs (a, b): of their upper bits, which take
 * a and b times 256, and of the lower 8. */
typedef struct {
  __m512i upper, lower, offset, right, low, high;
} ei_qadd_form;

static inline int32_t ei_lower_8(int32_t factor) {
  return (int8_t)(uint8_t)((uint32_t)factor & 255u);
}

static inline __m512i ei_factor_pair(int32_t a, int32_t b) {
  return _mm512_set1_epi32((int32_t)(((uint32_t)a & 0xFFFFu) | (uint32_t)b << 16));
}

static inline __attribute__((always_inline)) __m512i ei_qadd_64(const ei_qadd_form *f, __m512i a,
                                                                __m512i b) {
  const __m512i zero = _mm512_setzero_si512();
  const __m512i a_low = _mm512_unpacklo_epi8(zero, a), a_high = _mm512_unpackhi_epi8(zero, a);
  const __m512i b_low = _mm512_unpacklo_epi8(zero, b), b_high = _mm512_unpackhi_epi8(zero, b);
  __m512i pairs[4], y[4];
  pairs[0] = _mm512_unpacklo_epi16(a_low, b_low);
  pairs[1] = _mm512_unpackhi_epi16(a_low, b_low);
  pairs[2] = _mm512_unpacklo_epi16(a_high, b_high);
  pairs[3] = _mm512_unpackhi_epi16(a_high, b_high);
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    y[i] = f->offset;
    ei_dot16_pairs(&y[i], pairs[i], f->upper);
    ei_dot16_pairs(&y[i], _mm512_srai_epi16(pairs[i], 8), f->lower);
    y[i] = _mm512_srav_epi32(y[i], f->right);
  }
  const __m512i bytes =
      _mm512_packs_epi16(_mm512_packs_epi32(y[0], y[1]), _mm512_packs_epi32(y[2], y[3]));
  return _mm512_min_epi8(_mm512_max_epi8(bytes, f->low), f->high);
}

/* Factors have 23 bits and a sign (ops/arithmetic.py), so that upper parts fit. The result may lie
 * where an operand does. */
#define EI_HAVE_QADD_LINEAR_I8 1
static inline void ei_qadd_linear_i8(const ei_qbinary_params *p, const int8_t *a, const int8_t *b,
                                     ptrdiff_t n, int8_t *y) {
  const int32_t a_lower = ei_lower_8(p->a_factor), b_lower = ei_lower_8(p->b_factor);
  const int32_t a_upper = (p->a_factor - a_lower) / 256, b_upper = (p->b_factor - b_lower) / 256;
  ei_qadd_form f;
  f.upper = ei_factor_pair(a_upper, b_upper);
  f.lower = ei_factor_pair(a_lower, b_lower);
  f.offset = _mm512_set1_epi32(p->offset);
  f.right = _mm512_set1_epi32(p->right);
  f.low = _mm512_set1_epi8((char)p->low);
  f.high = _mm512_set1_epi8((char)p->high);
  ptrdiff_t i = 0;
  for (; i + 64 <= n; i += 64)
    _mm512_storeu_si512(y + i,
                        ei_qadd_64(&f, _mm512_loadu_si512(a + i), _mm512_loadu_si512(b + i)));
  if (i < n) {
    const __mmask64 rest = ((__mmask64)1 << (n - i)) - 1;
    _mm512_mask_storeu_epi8(
        y + i, rest,
        ei_qadd_64(&f, _mm512_maskz_loadu_epi8(rest, a + i), _mm512_maskz_loadu_epi8(rest, b + i)));
  }
}

#endif
