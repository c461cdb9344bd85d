/* Depthwise int8 convolutions for NEON: 16 neighbouring outputs at a time, from
 * a quarter of the blocks of 64 channels that pack_depthwise in ops/conv.py
 * makes. Four taps are interleaved, and summed as four inputs of a convolution
 * are. */
#ifndef EI_NEON_DEPTHWISE_H
#define EI_NEON_DEPTHWISE_H

#include "../ei_window.h"
#include "depthwise_bands.h"
#include "neon_integers.h"

/* The parameters of 16 channels, four a vector. */
typedef struct {
  ei_factor4 factor[4];
  ei_sum4 start[4];
  const int8_t *weights; /* of four taps: vectors of four channels, 64 bytes apart */
} ei_depthwise_block;

/* The bias in a block is for inputs that have 128 added: the sum of the weights
 * times 128 makes up for it. Shifts are as pack_rescaling has them. */
static inline void ei_depthwise_load(const char *block, int32_t groups, const int positive,
                                     ei_depthwise_block *b) {
  const int8x16_t ones = vdupq_n_s8(1);
  b->weights = (const int8_t *)(const void *)(block + EI_DEPTHWISE_HEAD);
  for (int i = 0; i < 4; i++) {
    const char *head = block + EI_FACTOR_BYTES * i;
    const int32x4_t left = vld1q_s32((const int32_t *)(const void *)(head + EI_FACTOR_LEFT));
    const int32x4_t right = vld1q_s32((const int32_t *)(const void *)(head + EI_FACTOR_RIGHT));
    b->factor[i].multiplier =
        vld1q_s32((const int32_t *)(const void *)(head + EI_FACTOR_MULTIPLIER));
    b->factor[i].left = vsubq_s32(left, vdupq_n_s32(positive ? 0 : 1));
    b->factor[i].right = vsubq_s32(vdupq_n_s32(positive ? -1 : 0), right);
    ei_sum4 sum = ei_zero4();
    for (int32_t g = 0; g < groups; g++)
      ei_dot4(&sum, vld1q_s8(b->weights + 256 * (ptrdiff_t)g + 64 * i), ones);
    const int32x4_t bias = vld1q_s32((const int32_t *)(const void *)(head + EI_FACTOR_BIAS));
    b->start[i] = ei_start4(vaddq_s32(bias, vshlq_n_s32(ei_total4(&sum), 7)));
  }
}

static inline int8x16_t ei_load16(const char *x) {
  return vld1q_s8((const int8_t *)(const void *)x);
}

/* Four taps of 16 channels, interleaved. */
static inline __attribute__((always_inline)) void ei_interleave(int8x16_t x0, int8x16_t x1,
                                                                int8x16_t x2, int8x16_t x3,
                                                                int8x16_t *words) {
  const int16x8_t low01 = vreinterpretq_s16_s8(vzip1q_s8(x0, x1));
  const int16x8_t high01 = vreinterpretq_s16_s8(vzip2q_s8(x0, x1));
  const int16x8_t low23 = vreinterpretq_s16_s8(vzip1q_s8(x2, x3));
  const int16x8_t high23 = vreinterpretq_s16_s8(vzip2q_s8(x2, x3));
  words[0] = vreinterpretq_s8_s16(vzip1q_s16(low01, low23));
  words[1] = vreinterpretq_s8_s16(vzip2q_s16(low01, low23));
  words[2] = vreinterpretq_s8_s16(vzip1q_s16(high01, high23));
  words[3] = vreinterpretq_s8_s16(vzip2q_s16(high01, high23));
}

/* The sums of 16 channels, rescaled, as bytes: the first `width` of them. */
static inline __attribute__((always_inline)) void ei_depthwise_finish(const ei_conv_params *p,
                                                                      const ei_depthwise_block *b,
                                                                      const ei_sum4 *sum, char *out,
                                                                      int32_t width,
                                                                      const int positive) {
  int32x4_t y[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) y[i] = ei_rescale4(ei_total4(&sum[i]), &b->factor[i], positive);
  ei_store16(out, width, ei_bytes16(p, y));
}

static inline __attribute__((always_inline)) void ei_depthwise_strip_kind(
    const ei_conv_params *p, const char *const *segments, int32_t pixels, char *out,
    const int positive) {
  const int32_t groups = (p->segments + 3) / 4;
  const ptrdiff_t block_bytes = EI_DEPTHWISE_HEAD + (ptrdiff_t)groups * 256;
  const int32_t total = pixels * p->out_c, period = ei_depthwise_period(p, 16);
  for (int32_t c = 0; c < period; c += 16) {
    ei_depthwise_block block;
    ei_depthwise_load((const char *)p->extra + c / 64 * block_bytes + c % 64, groups, positive,
                      &block);
    for (int32_t i = c; i < total; i += period) {
      const int32_t left = total - i, most = period - c;
      const char *const *x = segments;
      const int8_t *w = block.weights;
      ei_sum4 sum[4];
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) sum[j] = block.start[j];
      for (int32_t g = 0; g < groups; g++, x += 4, w += 256) {
        int8x16_t words[4];
        ei_interleave(ei_load16(x[0] + i), ei_load16(x[1] + i), ei_load16(x[2] + i),
                      ei_load16(x[3] + i), words);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) ei_dot4(&sum[j], vld1q_s8(w + 64 * j), words[j]);
      }
      ei_depthwise_finish(p, &block, sum, out + i, left < most ? left : most, positive);
    }
  }
}

/* `step` is the number of channels: the columns of the window lie apart by
 * their phase. */
#define EI_HAVE_DEPTHWISE_STRIP_I8 1
static inline void ei_depthwise_strip_i8(const ei_conv_params *p, const char *const *segments,
                                         int32_t pixels, int32_t step, char *out) {
  (void)step;
  if (p->small == 2)
    ei_depthwise_strip_kind(p, segments, pixels, out, 1);
  else
    ei_depthwise_strip_kind(p, segments, pixels, out, 0);
}

static inline void ei_depthwise_prepare_positive(const char *block, void *prepared) {
  ei_depthwise_load(block, 3, 1, (ei_depthwise_block *)prepared);
}

static inline void ei_depthwise_prepare_any(const char *block, void *prepared) {
  ei_depthwise_load(block, 3, 0, (ei_depthwise_block *)prepared);
}

/* The three taps of a row of the kernel, and a fourth that is multiplied by
 * zero. */
static inline __attribute__((always_inline)) void ei_depthwise_row(const char *x,
                                                                   const ptrdiff_t *tap,
                                                                   int8x16_t *words) {
  const int8x16_t last = ei_load16(x + tap[1]);
  ei_interleave(ei_load16(x), ei_load16(x + tap[0]), last, last, words);
}

static inline __attribute__((always_inline)) void ei_depthwise_add(const ei_depthwise_block *b,
                                                                   int row, const int8x16_t *words,
                                                                   ei_sum4 *sum) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) ei_dot4(&sum[i], vld1q_s8(b->weights + 256 * row + 64 * i), words[i]);
}

/* Down a column of 16 outputs: a row of inputs is interleaved once for the
 * outputs it is in. */
static inline __attribute__((always_inline)) void ei_depthwise_column_i8(
    const ei_conv_params *p, const ei_depthwise_block *b, const char *x, const ptrdiff_t *tap,
    int32_t count, char *out, int32_t width, const int stride, const int positive) {
  const ptrdiff_t out_row = (ptrdiff_t)p->out_w * p->out_c;
  ei_sum4 sum[3][4];
  int8x16_t words[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) sum[0][i] = sum[1][i] = sum[2][i] = b->start[i];
  ei_depthwise_row(x, tap, words);
  x += p->row_bytes;
  ei_depthwise_add(b, 0, words, sum[0]);
  if (stride == 1) {
    ei_depthwise_row(x, tap, words);
    x += p->row_bytes;
    ei_depthwise_add(b, 1, words, sum[0]);
    ei_depthwise_add(b, 0, words, sum[1]);
  }
  for (int32_t y = 0; y < count; y++, out += out_row) {
    if (stride == 2) {
      ei_depthwise_row(x, tap, words);
      x += p->row_bytes;
      ei_depthwise_add(b, 1, words, sum[0]);
    }
    ei_depthwise_row(x, tap, words);
    x += p->row_bytes;
    ei_depthwise_add(b, 2, words, sum[0]);
    if (stride == 1) ei_depthwise_add(b, 1, words, sum[1]);
    ei_depthwise_add(b, 0, words, sum[stride == 1 ? 2 : 1]);
    ei_depthwise_finish(p, b, sum[0], out, width, positive);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      sum[0][i] = sum[1][i];
      sum[1][i] = stride == 1 ? sum[2][i] : b->start[i];
      sum[2][i] = b->start[i];
    }
  }
}

#define EI_COLUMN(name, stride, positive)                                                      \
  static void name(const ei_conv_params *p, const void *prepared, const char *x,               \
                   const ptrdiff_t *tap, int32_t count, char *out, int32_t width) {            \
    ei_depthwise_column_i8(p, (const ei_depthwise_block *)prepared, x, tap, count, out, width, \
                           stride, positive);                                                  \
  }
EI_COLUMN(ei_depthwise_column_1, 1, 0)
EI_COLUMN(ei_depthwise_column_2, 2, 0)
EI_COLUMN(ei_depthwise_column_1_positive, 1, 1)
EI_COLUMN(ei_depthwise_column_2_positive, 2, 1)
#undef EI_COLUMN

#define EI_HAVE_DEPTHWISE_BANDS_I8 1
static inline void ei_depthwise_bands_i8(const ei_conv_params *p, const ei_io *io) {
  static const ei_depthwise_column columns[2][2] = {
      {ei_depthwise_column_1, ei_depthwise_column_1_positive},
      {ei_depthwise_column_2, ei_depthwise_column_2_positive}};
  const int positive = p->small == 2;
  ei_depthwise_block block;
  ei_depthwise_bands(p, io, 0, 16,
                     positive ? ei_depthwise_prepare_positive : ei_depthwise_prepare_any,
                     columns[p->stride_h - 1][positive], &block);
}

#endif
