/* Sixteen int32 at a time: ei_rescale_i32 and the way back to bytes. AVX-512. */
#ifndef EI_AVX512_INTEGERS_H
#define EI_AVX512_INTEGERS_H

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

/* The same for |x| < 2^30: `half` is 2^(right - 1), or 0 where right is 0; `any` says where not. */
static inline __m512i ei_divide16_small(__m512i x, __m512i right, __m512i half, __mmask16 any) {
  const __m512i away = _mm512_maskz_srai_epi32(any, x, 31);
  return _mm512_srav_epi32(_mm512_add_epi32(_mm512_add_epi32(x, half), away), right);
}

/* How 16 channels are rescaled. `small`: no sum, shifted left, comes to 2^30, and no right shift
 * to 23, so that shorter forms hold; the zero point of the output is then part of `half`. */
typedef struct {
  __m512i multiplier, left, right, half;
  __mmask16 any;
} ei_factor16;

static inline ei_factor16 ei_load_factor16(const int32_t *multiplier, const int32_t *shift,
                                           int small, int32_t zero_point) {
  const __m512i zero = _mm512_setzero_si512(), one = _mm512_set1_epi32(1);
  const __m512i s = _mm512_loadu_si512(shift);
  ei_factor16 f;
  f.multiplier = _mm512_loadu_si512(multiplier);
  f.left = _mm512_max_epi32(s, zero);
  if (small) f.left = _mm512_add_epi32(f.left, one);
  f.right = _mm512_max_epi32(_mm512_sub_epi32(zero, s), zero);
  f.half = _mm512_srli_epi32(_mm512_sllv_epi32(one, f.right), 1);
  f.any = _mm512_test_epi32_mask(f.right, f.right);
  if (small)
    f.half = _mm512_add_epi32(f.half, _mm512_sllv_epi32(_mm512_set1_epi32(zero_point), f.right));
  return f;
}

static inline __m512i ei_rescale16(__m512i x, const ei_factor16 *f, int small) {
  const __m512i shifted = _mm512_sllv_epi32(x, f->left);
  if (small)
    return ei_divide16_small(ei_high_mul16_twice(shifted, f->multiplier), f->right, f->half,
                             f->any);
  const __m512i mask =
      _mm512_sub_epi32(_mm512_sllv_epi32(_mm512_set1_epi32(1), f->right), _mm512_set1_epi32(1));
  return ei_divide16(ei_high_mul16(shifted, f->multiplier), f->right, mask);
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
