/* What conv_int16.h and dense_int16.h are made of, 8 sums in a vector. AVX2. */
#ifndef EI_AVX2_INT16_H
#define EI_AVX2_INT16_H

#include "../ei_types.h"
#include "rescaling_blocks.h"

typedef __m256i ei_words;

typedef struct {
  __m256i multiplier, odd, left, right, add_even, add_odd;
} ei_words_factor;

static inline ei_words ei_words_zero(void) { return _mm256_setzero_si256(); }

static inline ei_words ei_words_load(const void *x) {
  return _mm256_loadu_si256((const __m256i *)x);
}

static inline void ei_words_save(int32_t *to, ei_words x) {
  _mm256_storeu_si256((__m256i *)(void *)to, x);
}

/* As many int16 as a vector has lanes. */
static inline ei_words ei_words_widened(const int16_t *x) {
  return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)x));
}

static inline ei_words ei_words_add(ei_words x, ei_words y) { return _mm256_add_epi32(x, y); }

static inline ei_words ei_words_sub(ei_words x, ei_words y) { return _mm256_sub_epi32(x, y); }

static inline ei_words ei_words_left(ei_words x, int32_t n) {
  return _mm256_sll_epi32(x, _mm_cvtsi32_si128(n));
}

/* Two int16 as every lane. */
static inline ei_words ei_words_pair(const char *x) {
  int32_t two;
  __builtin_memcpy(&two, x, sizeof two);
  return _mm256_set1_epi32(two);
}

/* Bytes as 16-bit numbers. */
static inline ei_words ei_words_weights(const char *w) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)w));
}

static inline __attribute__((always_inline)) void ei_words_dot(ei_words *sum, ei_words x,
                                                               ei_words w) {
  *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(x, w));
}

/* The int16 of two vectors by turns, within 128 bits: of the lower halves, of the upper ones.
 * ei_words_pack is the way back, saturating. */
static inline ei_words ei_words_zip_low(ei_words x, ei_words y) {
  return _mm256_unpacklo_epi16(x, y);
}

static inline ei_words ei_words_zip_high(ei_words x, ei_words y) {
  return _mm256_unpackhi_epi16(x, y);
}

static inline ei_words ei_words_pack(ei_words x, ei_words y) { return _mm256_packs_epi32(x, y); }

/* A half of a block of factors, 32 bytes from the other. */
static inline ei_words_factor ei_words_load_factor(const char *block) {
  ei_words_factor f;
  f.multiplier = ei_words_load(block + EI_FACTOR_MULTIPLIER);
  f.odd = ei_words_load(block + EI_FACTOR_ODD);
  f.left = ei_words_load(block + EI_FACTOR_LEFT);
  f.right = ei_words_load(block + EI_FACTOR_RIGHT);
  f.add_even = ei_words_load(block + EI_FACTOR_ADD_EVEN);
  f.add_odd = ei_words_load(block + EI_FACTOR_ADD_ODD);
  return f;
}

/* The upper halves of (products + what is added). */
static inline ei_words ei_words_upper(ei_words x, const ei_words_factor *f) {
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, f->multiplier), f->add_even);
  const __m256i odd =
      _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), f->odd), f->add_odd);
  return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
}

/* ei_rescale16 of isa/avx512_integers.h, `once` its `positive`; the left shift is for both. */
static inline __attribute__((always_inline)) ei_words ei_words_rescale(ei_words x,
                                                                       const ei_words_factor *f,
                                                                       int once) {
  const __m256i upper = ei_words_upper(_mm256_sllv_epi32(x, f->left), f);
  if (once) return _mm256_srav_epi32(upper, f->right);
  const __m256i none = _mm256_cmpeq_epi32(f->right, _mm256_setzero_si256());
  const __m256i away = _mm256_andnot_si256(none, _mm256_srai_epi32(x, 31));
  return _mm256_srav_epi32(_mm256_add_epi32(upper, away), f->right);
}

/* The first `width` of a vector of int16, kept within bounds. */
static inline void ei_words_store(ei_words x, int32_t low, int32_t high, int16_t *to,
                                  int32_t width) {
  x = _mm256_max_epi16(x, _mm256_set1_epi16((int16_t)low));
  x = _mm256_min_epi16(x, _mm256_set1_epi16((int16_t)high));
  if (width >= 16) {
    _mm256_storeu_si256((__m256i *)(void *)to, x);
  } else if (width == 8) {
    _mm_storeu_si128((__m128i *)(void *)to, _mm256_castsi256_si128(x));
  } else {
    int16_t last[16];
    _mm256_storeu_si256((__m256i *)(void *)last, x);
    for (int32_t i = 0; i < width; i++) to[i] = last[i];
  }
}

/* The first `width` of 16 channels, saturated and kept within bounds. */
static inline void ei_words_store_panel(const ei_words *x, int32_t low, int32_t high, int16_t *to,
                                        int32_t width) {
  const __m256i y = _mm256_permute4x64_epi64(_mm256_packs_epi32(x[0], x[1]), 0xD8);
  ei_words_store(y, low, high, to, width);
}

/* 32-bit sums added to 64-bit ones. */
static inline void ei_words_widen(ei_words sum, int64_t *to) {
  const __m256i low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(sum));
  const __m256i high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256(sum, 1));
  __m256i *at = (__m256i *)(void *)to;
  _mm256_storeu_si256(at, _mm256_add_epi64(_mm256_loadu_si256(at), low));
  _mm256_storeu_si256(at + 1, _mm256_add_epi64(_mm256_loadu_si256(at + 1), high));
}

/* The low halves of four results. A product of 64 by 15 bits is made of two; to shift a negative
 * number, 2^63 is added before and what became of it taken off behind. */
static inline __m256i ei_rescale4_i64(const int64_t *sum, const int32_t *multiplier,
                                      const int32_t *shift) {
  const __m256i one = _mm256_set1_epi64x(1), sign = _mm256_slli_epi64(one, 63);
  const __m256i m =
      _mm256_cvtepi32_epi64(_mm_loadu_si128((const __m128i *)(const void *)multiplier));
  const __m256i s = _mm256_cvtepi32_epi64(_mm_loadu_si128((const __m128i *)(const void *)shift));
  const __m256i reduced =
      _mm256_min_epi32(_mm256_srli_epi64(_mm256_add_epi64(m, _mm256_set1_epi64x(1 << 15)), 16),
                       _mm256_set1_epi32(0x7FFF));
  const __m256i right = _mm256_sub_epi64(_mm256_set1_epi64x(15), s);
  const __m256i half = _mm256_sllv_epi64(one, _mm256_sub_epi64(right, one));
  const __m256i x = ei_words_load(sum);
  const __m256i upper = _mm256_mul_epi32(_mm256_srli_epi64(x, 32), reduced);
  const __m256i product =
      _mm256_add_epi64(_mm256_mul_epu32(x, reduced), _mm256_slli_epi64(upper, 32));
  const __m256i moved = _mm256_xor_si256(_mm256_add_epi64(product, half), sign);
  return _mm256_sub_epi64(_mm256_srlv_epi64(moved, right), _mm256_srlv_epi64(sign, right));
}

/* ei_rescale_i64 of 16 sums. */
static inline void ei_words_rescale_i64(const int64_t *sum, const int32_t *multiplier,
                                        const int32_t *shift, ei_words *y) {
  const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
#pragma GCC unroll 2
  for (int i = 0; i < 16; i += 8) {
    const __m256i low = ei_rescale4_i64(sum + i, multiplier + i, shift + i);
    const __m256i high = ei_rescale4_i64(sum + i + 4, multiplier + i + 4, shift + i + 4);
    y[i / 8] = _mm256_blend_epi32(_mm256_permutevar8x32_epi32(low, order),
                                  _mm256_permutevar8x32_epi32(high, order), 0xF0);
  }
}

#endif
