/* Depthwise int8 convolutions for AVX2: 32 neighbouring outputs at a time, from the blocks of 64
 * channels that pack_depthwise in ops/conv.py makes. Two taps are interleaved and widened to 16
 * bits, so that one product adds both. A vector of sums has eight of 32 channels: those that
 * unpacking leaves together, which is how the blocks are ordered; a half of a block is of 32. */
#ifndef EI_AVX2_DEPTHWISE_H
#define EI_AVX2_DEPTHWISE_H

#include "../ei_window.h"
#include "avx2_integers.h"
#include "depthwise_bands.h"

/* Two taps of sixteen channels, interleaved: pairs of 16-bit numbers, eight channels a vector. */
static inline __attribute__((always_inline)) void ei_depthwise_pairs(__m256i x0, __m256i x1,
                                                                     const int upper,
                                                                     __m256i *pairs) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i both = upper ? _mm256_unpackhi_epi8(x0, x1) : _mm256_unpacklo_epi8(x0, x1);
  pairs[0] = _mm256_unpacklo_epi8(both, zero);
  pairs[1] = _mm256_unpackhi_epi8(both, zero);
}

/* The weights of taps 0 and 1, or 2 and 3, of eight channels, as 16-bit pairs. */
static inline __attribute__((always_inline)) __m256i ei_depthwise_weights(const char *four,
                                                                          const int second) {
  const int a = 2 * second, b = a + 1;
  const __m256i order =
      _mm256_setr_epi8(-1, (char)a, -1, (char)b, -1, (char)(a + 4), -1, (char)(b + 4), -1,
                       (char)(a + 8), -1, (char)(b + 8), -1, (char)(a + 12), -1, (char)(b + 12), -1,
                       (char)a, -1, (char)b, -1, (char)(a + 4), -1, (char)(b + 4), -1,
                       (char)(a + 8), -1, (char)(b + 8), -1, (char)(a + 12), -1, (char)(b + 12));
  return _mm256_srai_epi16(_mm256_shuffle_epi8(ei_load8(four), order), 8);
}

/* Half of 32 outputs, the channels 0 to 7 and 16 to 23 or those 8 further, from two vectors. */
static inline __attribute__((always_inline)) void ei_depthwise_store(const ei_conv_params *p,
                                                                     const __m256i *y, char *out,
                                                                     int32_t width) {
  const __m256i words = _mm256_packs_epi32(y[0], y[1]);
  const __m256i bytes =
      _mm256_max_epi8(_mm256_packs_epi16(words, words), _mm256_set1_epi8((char)p->low));
  const __m256i bounded = _mm256_min_epi8(bytes, _mm256_set1_epi8((char)p->high));
  ei_store8(out, width, _mm256_castsi256_si128(bounded));
  ei_store8(out + 16, width - 16, _mm256_extracti128_si256(bounded, 1));
}

/* Any taps, four at a time: half of the channels of `count` blocks (at most 2). */
static inline __attribute__((always_inline)) void ei_depthwise_half_i8(
    const ei_conv_params *p, const char *const *segments, const ptrdiff_t *at, const char *block,
    char *const *out, const int32_t *width, const int count, const int upper, const int small) {
  const char *w = block + EI_DEPTHWISE_HEAD + 128 * upper;
  const char *factors = block + 2 * EI_FACTOR_BYTES * upper;
  __m256i sum[2][2];
#pragma GCC unroll 2
  for (int k = 0; k < count; k++) {
    sum[k][0] = ei_load8(factors + EI_FACTOR_BIAS);
    sum[k][1] = ei_load8(factors + EI_FACTOR_BYTES + EI_FACTOR_BIAS);
  }
  for (int32_t s = 0; s < p->segments; s += 4, segments += 4, w += 256) {
#pragma GCC unroll 2
    for (int second = 0; second < 2; second++) {
      const __m256i weights[2] = {ei_depthwise_weights(w, second),
                                  ei_depthwise_weights(w + 64, second)};
#pragma GCC unroll 2
      for (int k = 0; k < count; k++) {
        __m256i pairs[2];
        ei_depthwise_pairs(ei_load8(segments[2 * second] + at[k]),
                           ei_load8(segments[2 * second + 1] + at[k]), upper, pairs);
        sum[k][0] = _mm256_add_epi32(sum[k][0], _mm256_madd_epi16(pairs[0], weights[0]));
        sum[k][1] = _mm256_add_epi32(sum[k][1], _mm256_madd_epi16(pairs[1], weights[1]));
      }
    }
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    const ei_factor8 factor = ei_load_factor8(factors + EI_FACTOR_BYTES * i);
#pragma GCC unroll 2
    for (int k = 0; k < count; k++) sum[k][i] = ei_rescale8(p, sum[k][i], &factor, small);
  }
#pragma GCC unroll 2
  for (int k = 0; k < count; k++)
    ei_depthwise_store(p, sum[k], out[k] + 8 * upper, width[k] - 8 * upper);
}

static inline __attribute__((always_inline)) void ei_depthwise_strip_kind(
    const ei_conv_params *p, const char *const *segments, int32_t pixels, char *out,
    const int small) {
  const ptrdiff_t block_bytes = EI_DEPTHWISE_HEAD + (ptrdiff_t)((p->segments + 3) / 4) * 256;
  const int32_t total = pixels * p->out_c, period = ei_depthwise_period(p, 32);
  for (int32_t c = 0; c < period; c += 32) {
    const char *block = (const char *)p->extra + c / 64 * block_bytes + c % 64;
    for (int32_t i = c; i < total; i += 2 * period) {
      const ptrdiff_t at[2] = {i, i + period};
      char *const to[2] = {out + i, out + i + period};
      const int32_t most = period - c;
      const int32_t width[2] = {total - i < most ? total - i : most,
                                total - i - period < most ? total - i - period : most};
      if (width[1] > 0) {
        ei_depthwise_half_i8(p, segments, at, block, to, width, 2, 0, small);
        if (most > 8) ei_depthwise_half_i8(p, segments, at, block, to, width, 2, 1, small);
      } else {
        ei_depthwise_half_i8(p, segments, at, block, to, width, 1, 0, small);
        if (most > 8) ei_depthwise_half_i8(p, segments, at, block, to, width, 1, 1, small);
      }
    }
  }
}

/* `step` is the number of channels: the columns of the window lie apart by their phase. */
#define EI_HAVE_DEPTHWISE_STRIP_I8 1
static inline void ei_depthwise_strip_i8(const ei_conv_params *p, const char *const *segments,
                                         int32_t pixels, int32_t step, char *out) {
  (void)step;
  if (p->small == 2)
    ei_depthwise_strip_kind(p, segments, pixels, out, 2);
  else if (p->small == 1)
    ei_depthwise_strip_kind(p, segments, pixels, out, 1);
  else
    ei_depthwise_strip_kind(p, segments, pixels, out, 0);
}

/* 3 x 3: of 32 channels, the weights of a row of the kernel as two pairs of taps (the fourth tap is
 * zero) for each of four vectors. */
typedef struct {
  const char *factors;
  __m256i weights[3][2][4];
} ei_depthwise_block;

static inline void ei_depthwise_widen(const char *block, void *prepared) {
  ei_depthwise_block *b = (ei_depthwise_block *)prepared;
  b->factors = block;
  for (int r = 0; r < 3; r++)
    for (int i = 0; i < 4; i++) {
      const char *four = block + EI_DEPTHWISE_HEAD + 256 * r + 64 * i;
      b->weights[r][0][i] = ei_depthwise_weights(four, 0);
      b->weights[r][1][i] = ei_depthwise_weights(four, 1);
    }
}

/* Down a column of half a block: a row of inputs is widened once for the outputs it is in. */
static inline __attribute__((always_inline)) void ei_depthwise_column_half(
    const ei_conv_params *p, const ei_depthwise_block *b, const char *x, const ptrdiff_t *tap,
    int32_t count, char *out, int32_t width, const int stride, const int upper, const int small) {
  const ptrdiff_t out_row = (ptrdiff_t)p->out_w * p->out_c;
  const char *factors = b->factors + 2 * EI_FACTOR_BYTES * upper;
  const __m256i zero = _mm256_setzero_si256();
  __m256i sum[3][2], first[2], last[2];
#define EI_ROW()                                                         \
  do {                                                                   \
    ei_depthwise_pairs(ei_load8(x), ei_load8(x + tap[0]), upper, first); \
    ei_depthwise_pairs(ei_load8(x + tap[1]), zero, upper, last);         \
    x += p->row_bytes;                                                   \
  } while (0)
#define EI_START(s)                                               \
  _Pragma("GCC unroll 2") for (int i = 0; i < 2; i++) sum[s][i] = \
      ei_load8(factors + EI_FACTOR_BYTES * i + EI_FACTOR_BIAS)
#define EI_ADD(s, r)                                                                            \
  _Pragma("GCC unroll 2") for (int i = 0; i < 2; i++) sum[s][i] = _mm256_add_epi32(             \
      sum[s][i], _mm256_add_epi32(_mm256_madd_epi16(first[i], b->weights[r][0][2 * upper + i]), \
                                  _mm256_madd_epi16(last[i], b->weights[r][1][2 * upper + i])))
  EI_ROW();
  EI_START(0);
  EI_ADD(0, 0);
  if (stride == 1) {
    EI_ROW();
    EI_ADD(0, 1);
    EI_START(1);
    EI_ADD(1, 0);
  }
  for (int32_t y = 0; y < count; y++, out += out_row) {
    if (stride == 2) {
      EI_ROW();
      EI_ADD(0, 1);
    }
    EI_ROW();
    EI_ADD(0, 2);
    if (stride == 1) {
      EI_ADD(1, 1);
      EI_START(2);
      EI_ADD(2, 0);
    } else {
      EI_START(1);
      EI_ADD(1, 0);
    }
    __m256i done[2];
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
      const ei_factor8 factor = ei_load_factor8(factors + EI_FACTOR_BYTES * i);
      done[i] = ei_rescale8(p, sum[0][i], &factor, small);
      sum[0][i] = sum[1][i];
      if (stride == 1) sum[1][i] = sum[2][i];
    }
    ei_depthwise_store(p, done, out, width);
  }
#undef EI_ROW
#undef EI_START
#undef EI_ADD
}

#define EI_COLUMN(name, stride, small)                                                     \
  static void name(const ei_conv_params *p, const void *prepared, const char *x,           \
                   const ptrdiff_t *tap, int32_t count, char *out, int32_t width) {        \
    const ei_depthwise_block *b = (const ei_depthwise_block *)prepared;                    \
    ei_depthwise_column_half(p, b, x, tap, count, out, width, stride, 0, small);           \
    if (width > 8)                                                                         \
      ei_depthwise_column_half(p, b, x, tap, count, out + 8, width - 8, stride, 1, small); \
  }
EI_COLUMN(ei_depthwise_column_1, 1, 1)
EI_COLUMN(ei_depthwise_column_2, 2, 1)
EI_COLUMN(ei_depthwise_column_1_positive, 1, 2)
EI_COLUMN(ei_depthwise_column_2_positive, 2, 2)
#undef EI_COLUMN

#define EI_HAVE_DEPTHWISE_BANDS_I8 1
static inline void ei_depthwise_bands_i8(const ei_conv_params *p, const ei_io *io) {
  static const ei_depthwise_column columns[2][2] = {
      {ei_depthwise_column_1, ei_depthwise_column_1_positive},
      {ei_depthwise_column_2, ei_depthwise_column_2_positive}};
  ei_depthwise_block block;
  ei_depthwise_bands(p, io, EI_FLIP_I8, 32, ei_depthwise_widen,
                     columns[p->stride_h - 1][p->small == 2], &block);
}

#endif
