/* What conv_int16.h and dense_int16.h are made of, 16 sums in a vector. AVX-512 with VNNI. */
#ifndef EI_AVX512_INT16_H
#define EI_AVX512_INT16_H

#include "../ei_types.h"
#include "avx512_integers.h"

typedef __m512i ei_words;
typedef ei_factor16 ei_words_factor;

static inline ei_words ei_words_zero(void) { return _mm512_setzero_si512(); }

static inline ei_words ei_words_load(const void *x) { return _mm512_loadu_si512(x); }

static inline void ei_words_save(int32_t *to, ei_words x) { _mm512_storeu_si512(to, x); }

/* As many int16 as a vector has lanes. */
static inline ei_words ei_words_widened(const int16_t *x) {
  return _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)x));
}

static inline ei_words ei_words_add(ei_words x, ei_words y) { return _mm512_add_epi32(x, y); }

static inline ei_words ei_words_sub(ei_words x, ei_words y) { return _mm512_sub_epi32(x, y); }

static inline ei_words ei_words_left(ei_words x, int32_t n) {
  return _mm512_sll_epi32(x, _mm_cvtsi32_si128(n));
}

/* Two int16 as every lane. */
static inline ei_words ei_words_pair(const char *x) {
  int32_t two;
  __builtin_memcpy(&two, x, sizeof two);
  return _mm512_set1_epi32(two);
}

/* Bytes as 16-bit numbers. */
static inline ei_words ei_words_weights(const char *w) {
  return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)w));
}

static inline __attribute__((always_inline)) void ei_words_dot(ei_words *sum, ei_words x,
                                                               ei_words w) {
  ei_dot16_pairs(sum, x, w);
}

/* The int16 of two vectors by turns, within 128 bits: of the lower halves, of the upper ones.
 * ei_words_pack is the way back, saturating. */
static inline ei_words ei_words_zip_low(ei_words x, ei_words y) {
  return _mm512_unpacklo_epi16(x, y);
}

static inline ei_words ei_words_zip_high(ei_words x, ei_words y) {
  return _mm512_unpackhi_epi16(x, y);
}

static inline ei_words ei_words_pack(ei_words x, ei_words y) { return _mm512_packs_epi32(x, y); }

/* A part of a block of factors: all of it. */
static inline ei_words_factor ei_words_load_factor(const char *block) {
  return ei_load_factor16(block);
}

static inline __attribute__((always_inline)) ei_words ei_words_rescale(ei_words x,
                                                                       const ei_words_factor *f,
                                                                       int once) {
  return ei_rescale16(once ? _mm512_sllv_epi32(x, f->left) : x, f, once);
}

/* The first `width` of a vector of int16, kept within bounds. */
static inline void ei_words_store(ei_words x, int32_t low, int32_t high, int16_t *to,
                                  int32_t width) {
  x = _mm512_max_epi16(x, _mm512_set1_epi16((int16_t)low));
  x = _mm512_min_epi16(x, _mm512_set1_epi16((int16_t)high));
  if (width >= 32)
    _mm512_storeu_si512(to, x);
  else
    _mm512_mask_storeu_epi16(to, ((__mmask32)1 << width) - 1, x);
}

/* The first `width` of 16 channels, saturated and kept within bounds. */
static inline void ei_words_store_panel(const ei_words *x, int32_t low, int32_t high, int16_t *to,
                                        int32_t width) {
  __m256i y = _mm512_cvtsepi32_epi16(x[0]);
  y = _mm256_max_epi16(y, _mm256_set1_epi16((int16_t)low));
  y = _mm256_min_epi16(y, _mm256_set1_epi16((int16_t)high));
  if (width >= 16)
    _mm256_storeu_si256((__m256i *)(void *)to, y);
  else
    _mm256_mask_storeu_epi16(to, (__mmask16)((1u << width) - 1), y);
}

/* 32-bit sums added to 64-bit ones. */
static inline void ei_words_widen(ei_words sum, int64_t *to) {
  const __m512i low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(sum));
  const __m512i high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(sum, 1));
  _mm512_storeu_si512(to, _mm512_add_epi64(_mm512_loadu_si512(to), low));
  _mm512_storeu_si512(to + 8, _mm512_add_epi64(_mm512_loadu_si512(to + 8), high));
}

static inline __m512i ei_rescale8_i64(const int64_t *sum, const int32_t *multiplier,
                                      const int32_t *shift) {
  const __m512i m =
      _mm512_cvtepi32_epi64(_mm256_loadu_si256((const __m256i *)(const void *)multiplier));
  const __m512i s = _mm512_cvtepi32_epi64(_mm256_loadu_si256((const __m256i *)(const void *)shift));
  const __m512i reduced =
      _mm512_min_epi64(_mm512_srli_epi64(_mm512_add_epi64(m, _mm512_set1_epi64(1 << 15)), 16),
                       _mm512_set1_epi64(0x7FFF));
  const __m512i right = _mm512_sub_epi64(_mm512_set1_epi64(15), s);
  const __m512i half =
      _mm512_sllv_epi64(_mm512_set1_epi64(1), _mm512_sub_epi64(right, _mm512_set1_epi64(1)));
  const __m512i product = _mm512_mullo_epi64(_mm512_loadu_si512(sum), reduced);
  return _mm512_srav_epi64(_mm512_add_epi64(product, half), right);
}

/* ei_rescale_i64 of 16 sums. */
static inline void ei_words_rescale_i64(const int64_t *sum, const int32_t *multiplier,
                                        const int32_t *shift, ei_words *y) {
  const __m256i low = _mm512_cvtepi64_epi32(ei_rescale8_i64(sum, multiplier, shift));
  const __m256i high = _mm512_cvtepi64_epi32(ei_rescale8_i64(sum + 8, multiplier + 8, shift + 8));
  y[0] = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

#endif
