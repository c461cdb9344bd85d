/* Eight int32 at a time: ei_rescale_i32 and the way back to bytes. AVX2. */
#ifndef EI_AVX2_INTEGERS_H
#define EI_AVX2_INTEGERS_H

#include "rescaling_blocks.h"

static inline __m256i ei_load8(const char *from) {
  return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

/* What eight channels are rescaled with; `block` is the half of theirs in a block of 16. */
typedef struct {
  __m256i multiplier, odd, left, right, add_even, add_odd;
} ei_factor8;

static inline ei_factor8 ei_load_factor8(const char *block) {
  ei_factor8 f;
  f.multiplier = ei_load8(block + EI_FACTOR_MULTIPLIER);
  f.odd = ei_load8(block + EI_FACTOR_ODD);
  f.left = ei_load8(block + EI_FACTOR_LEFT);
  f.right = ei_load8(block + EI_FACTOR_RIGHT);
  f.add_even = ei_load8(block + EI_FACTOR_ADD_EVEN);
  f.add_odd = ei_load8(block + EI_FACTOR_ADD_ODD);
  return f;
}

/* The upper halves of (products + what is added). */
static inline __m256i ei_upper8(__m256i x, const ei_factor8 *f) {
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, f->multiplier), f->add_even);
  const __m256i odd =
      _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), f->odd), f->add_odd);
  return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
}

/* ei_high_mul by a multiplier that is not negative. Even and odd lanes are multiplied apart. */
static inline __m256i ei_high_mul8(__m256i x, const ei_factor8 *f) {
  const __m256i half = _mm256_set1_epi64x((int64_t)1 << 30);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, f->multiplier), half);
  const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), f->odd), half);
  return _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xAA);
}

/* ei_rescale_i32 of any sums, bounded, and the zero point. Shifts to the left are in the block with
 * one added. */
static inline __m256i ei_rescale8_large(const ei_conv_params *p, __m256i x, const ei_factor8 *f) {
  const __m256i one = _mm256_set1_epi32(1);
  const __m256i high = ei_high_mul8(_mm256_sllv_epi32(x, _mm256_sub_epi32(f->left, one)), f);
  const __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, f->right), one);
  const __m256i rest = _mm256_and_si256(high, mask);
  const __m256i threshold =
      _mm256_sub_epi32(_mm256_srli_epi32(mask, 1), _mm256_srai_epi32(high, 31));
  const __m256i up = _mm256_cmpgt_epi32(rest, threshold);
  const __m256i y = _mm256_sub_epi32(_mm256_srav_epi32(high, f->right), up);
  const __m256i low = _mm256_set1_epi32(p->low - p->y_zero);
  const __m256i most = _mm256_set1_epi32(p->high - p->y_zero);
  return _mm256_add_epi32(_mm256_min_epi32(_mm256_max_epi32(y, low), most),
                          _mm256_set1_epi32(p->y_zero));
}

/* ei_rescale_i32 and the zero point. `small` is that of ei_conv_params, see ei_rescale16 in
 * avx512_integers.h for why one addition and one less are enough. */
static inline __attribute__((always_inline)) __m256i ei_rescale8(const ei_conv_params *p, __m256i x,
                                                                 const ei_factor8 *f,
                                                                 const int small) {
  if (small == 0) return ei_rescale8_large(p, x, f);
  if (small == 2) return _mm256_srav_epi32(ei_upper8(x, f), f->right);
  const __m256i any = _mm256_cmpgt_epi32(f->right, _mm256_setzero_si256());
  const __m256i upper = ei_upper8(_mm256_sllv_epi32(x, f->left), f);
  const __m256i away = _mm256_and_si256(_mm256_srai_epi32(x, 31), any);
  return _mm256_srav_epi32(_mm256_add_epi32(upper, away), f->right);
}

/* The first `width` of eight bytes. */
static inline void ei_store8(char *to, int32_t width, __m128i bytes) {
  if (width >= 8) {
    _mm_storel_epi64((__m128i *)(void *)to, bytes);
    return;
  }
  int64_t eight = _mm_cvtsi128_si64(bytes);
  for (int32_t i = 0; i < width; i++, eight >>= 8) to[i] = (char)eight;
}

#endif
