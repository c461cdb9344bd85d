/* Sums of quantized int8 tensors, sixteen at a time. */
#ifndef EI_AVX512_QBINARY_H
#define EI_AVX512_QBINARY_H

#include "../ei_qbinary_params.h"
#include "avx512_integers.h"

/* One rescaling, the same for all lanes: ((x - zero) << left) * multiplier * 2^-32, then a rounding
 * shift to the right. */
typedef struct {
  __m512i zero, multiplier, half;
  __m128i left, right;
  __mmask16 any;
} ei_scale16;

static inline ei_scale16 ei_load_scale16(int32_t zero, int32_t left, int32_t multiplier,
                                         int32_t shift) {
  ei_scale16 s;
  s.zero = _mm512_set1_epi32(zero);
  s.multiplier = _mm512_set1_epi32(multiplier);
  s.left = _mm_cvtsi32_si128(left);
  s.right = _mm_cvtsi32_si128(-shift);
  s.half = _mm512_set1_epi32(shift == 0 ? 0 : (int32_t)1 << (-shift - 1));
  s.any = shift == 0 ? 0 : 0xFFFF;
  return s;
}

/* `plain`: the factor is 1/2, which is a shift, as it is for the larger of two scales. */
static inline __attribute__((always_inline)) __m512i ei_scaled16(__m512i x, const ei_scale16 *s,
                                                                 int plain) {
  const __m512i shifted = _mm512_sll_epi32(_mm512_sub_epi32(x, s->zero), s->left);
  if (plain) return shifted;
  const __m512i high = ei_high_mul16_twice(shifted, s->multiplier);
  const __m512i away = _mm512_maskz_srai_epi32(s->any, high, 31);
  return _mm512_sra_epi32(_mm512_add_epi32(_mm512_add_epi32(high, s->half), away), s->right);
}

static inline __attribute__((always_inline)) void ei_qadd_loop(const ei_qbinary_params *p,
                                                               const int8_t *a, const int8_t *b,
                                                               ptrdiff_t n, int8_t *y, int plain_a,
                                                               int plain_b) {
  const int32_t left = p->left_shift;
  const ei_scale16 of_a =
      ei_load_scale16(p->a_zero, plain_a ? left - 1 : left + 1, p->a_multiplier, p->a_shift);
  const ei_scale16 of_b =
      ei_load_scale16(p->b_zero, plain_b ? left - 1 : left + 1, p->b_multiplier, p->b_shift);
  const ei_scale16 of_y = ei_load_scale16(0, 1, p->y_multiplier, p->y_shift);
  const ei_bounds16 bounds = ei_load_bounds16(p->low, p->high, p->y_zero);
  const int minus = p->sign < 0;
  for (ptrdiff_t i = 0; i < n; i += 16) {
    /* Nothing is written twice: the result may lie where an operand does. */
    const __mmask16 mask = n - i < 16 ? (__mmask16)((1u << (n - i)) - 1) : 0xFFFF;
    const __m128i from_a = n - i < 16 ? _mm_maskz_loadu_epi8(mask, a + i)
                                      : _mm_loadu_si128((const __m128i *)(const void *)(a + i));
    const __m128i from_b = n - i < 16 ? _mm_maskz_loadu_epi8(mask, b + i)
                                      : _mm_loadu_si128((const __m128i *)(const void *)(b + i));
    const __m512i u = ei_scaled16(_mm512_cvtepi8_epi32(from_a), &of_a, plain_a);
    const __m512i v = ei_scaled16(_mm512_cvtepi8_epi32(from_b), &of_b, plain_b);
    const __m512i sum = minus ? _mm512_sub_epi32(u, v) : _mm512_add_epi32(u, v);
    const __m512i result = ei_bound16(ei_scaled16(sum, &of_y, 0), &bounds);
    if (n - i < 16)
      _mm_mask_storeu_epi8(y + i, mask, _mm512_cvtepi32_epi8(result));
    else
      _mm_storeu_si128((__m128i *)(void *)(y + i), _mm512_cvtepi32_epi8(result));
  }
}

/* Operands come to less than 2^29 after the left shift, so that all sums stay below 2^30. */
#define EI_HAVE_QADD_I8 1
static inline void ei_qadd_run_i8(const ei_qbinary_params *p, const int8_t *a, const int8_t *b,
                                  ptrdiff_t n, int8_t *y) {
  const int32_t half = (int32_t)1 << 30;
  if (p->left_shift > 0 && p->a_multiplier == half && p->a_shift == 0)
    ei_qadd_loop(p, a, b, n, y, 1, 0);
  else if (p->left_shift > 0 && p->b_multiplier == half && p->b_shift == 0)
    ei_qadd_loop(p, a, b, n, y, 0, 1);
  else
    ei_qadd_loop(p, a, b, n, y, 0, 0);
}

#endif
