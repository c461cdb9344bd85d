/* int16 convolutions in vectors, from what a set calls ei_words
 * (EI_VECTOR_BYTES wide): pairs of products are added in 32 bits. Where a whole
 * sum fits there (`small`, or a 32-bit bias, whose sums wrap), nothing wider is
 * needed but for its rescaling, with which a 64-bit bias is added; see also
 * conv_int16_tile.h and blocks_of_64_bit_sums in ops/_rescaling.py. */
#ifndef EI_ISA_CONV_INT16_H
#define EI_ISA_CONV_INT16_H

#include "../ei_dense_int_params.h"
#include "../ei_fixed.h"
#include "../ei_window.h"
#include "rescaling_blocks.h"

/* What the sums of a vector of outputs from `o` on start from: with `small` the
 * block says, else the low half of each bias. */
static inline ei_words ei_start_words(const ei_conv_params *p, int32_t o) {
  int32_t low[EI_VECTOR_BYTES / 4];
  if (p->small) {
    const char *block = (const char *)p->extra + (ptrdiff_t)(o / 16) * EI_FACTOR_BYTES;
    return ei_words_load(block + EI_FACTOR_BIAS + o % 16 * 4);
  }
  for (int i = 0; i < EI_VECTOR_BYTES / 4; i++)
    low[i] = (int32_t)(uint32_t)((const int64_t *)p->bias)[o + i];
  return ei_words_load(low);
}

/* ei_rescale_i32 of 16 sums, whatever they are. */
static inline void ei_words_rescale_large(ei_words *sums, const int32_t *multiplier,
                                          const int32_t *shift) {
  enum { LANES = EI_VECTOR_BYTES / 4 };
  int32_t values[16];
  for (int i = 0; i < 16; i += LANES) ei_words_save(values + i, sums[i / LANES]);
  for (int i = 0; i < 16; i++) values[i] = ei_rescale_i32(values[i], multiplier[i], shift[i]);
  for (int i = 0; i < 16; i += LANES) sums[i / LANES] = ei_words_load(values + i);
}

#define EI_CAT2(a, b) a##b
#define EI_CAT(a, b)  EI_CAT2(a, b)

#define EI_WIDE 1
#define EI_COLS 1
#define EI_ROWS 4
#include "conv_int16_tile.h"
#define EI_COLS 1
#define EI_ROWS 1
#include "conv_int16_tile.h"
#undef EI_WIDE
#define EI_WIDE 0
#if EI_VECTOR_BYTES == 64
#define EI_COLS 8
#define EI_ROWS 1
#include "conv_int16_tile.h"
#define EI_COLS 4
#define EI_ROWS 6
#include "conv_int16_tile.h"
#define EI_COLS 4
#define EI_ROWS 4
#include "conv_int16_tile.h"
#define EI_COLS 4
#define EI_ROWS 1
#include "conv_int16_tile.h"
#define EI_COLS 2
#define EI_ROWS 12
#include "conv_int16_tile.h"
#define EI_COLS 2
#define EI_ROWS 8
#include "conv_int16_tile.h"
#define EI_COLS 2
#define EI_ROWS 5
#include "conv_int16_tile.h"
#define EI_COLS 2
#define EI_ROWS 1
#include "conv_int16_tile.h"
#define EI_COLS 1
#define EI_ROWS 16
#include "conv_int16_tile.h"
#define EI_COLS 1
#define EI_ROWS 8
#include "conv_int16_tile.h"
#else
#define EI_COLS 4
#define EI_ROWS 1
#include "conv_int16_tile.h"
#define EI_COLS 2
#define EI_ROWS 1
#include "conv_int16_tile.h"
#define EI_COLS 1
#define EI_ROWS 5
#include "conv_int16_tile.h"
#endif
#define EI_COLS 1
#define EI_ROWS 4
#include "conv_int16_tile.h"
#define EI_COLS 1
#define EI_ROWS 1
#include "conv_int16_tile.h"
#undef EI_WIDE

typedef struct {
  int32_t cols;
  int32_t rows;
  void (*run)(const ei_conv_params *p, const char *const *segments, ptrdiff_t at, ptrdiff_t step,
              int32_t panel, int16_t *out);
} ei_tile_i16_shape;

/* Tiles from wide to narrow, and of one width from tall to flat; the flattest
 * has one row. */
static const ei_tile_i16_shape ei_tiles_i16[] = {
#if EI_VECTOR_BYTES == 64
    {4, 6, ei_conv_tile_i16_4x6},   {4, 4, ei_conv_tile_i16_4x4},   {4, 1, ei_conv_tile_i16_4x1},
    {2, 12, ei_conv_tile_i16_2x12}, {2, 8, ei_conv_tile_i16_2x8},   {2, 5, ei_conv_tile_i16_2x5},
    {2, 1, ei_conv_tile_i16_2x1},   {1, 16, ei_conv_tile_i16_1x16}, {1, 8, ei_conv_tile_i16_1x8},
#else
    {1, 5, ei_conv_tile_i16_1x5},
#endif
    {1, 4, ei_conv_tile_i16_1x4},   {1, 1, ei_conv_tile_i16_1x1},
};

/* Tiles of a single pixel, from wide to narrow. */
static const ei_tile_i16_shape ei_lines_i16[] = {
#if EI_VECTOR_BYTES == 64
    {8, 1, ei_conv_tile_i16_8x1},
#endif
    {4, 1, ei_conv_tile_i16_4x1},
    {2, 1, ei_conv_tile_i16_2x1},
    {1, 1, ei_conv_tile_i16_1x1},
};

static const ei_tile_i16_shape ei_wide_tiles_i16[] = {
    {1, 4, ei_conv_wide_i16_1x4},
    {1, 1, ei_conv_wide_i16_1x1},
};

/* Of the tiles of a width the one that covers `pixels` evenly with as few as
 * possible. */
static inline const ei_tile_i16_shape *ei_choose_tile_i16(const ei_tile_i16_shape *tiles,
                                                          int32_t panels, int32_t pixels) {
  while (tiles->cols > panels) tiles++;
  const int32_t count = (pixels + tiles->rows - 1) / tiles->rows;
  const int32_t even = (pixels + count - 1) / count;
  const ei_tile_i16_shape *best = tiles;
  for (const ei_tile_i16_shape *t = tiles; best->rows > 1 && t->cols == tiles->cols; t++) {
    if (best->rows > pixels || t->rows >= even) best = t;
    if (t->rows == 1) break;
  }
  return best;
}

static inline void ei_strip_tiles_i16(const ei_conv_params *p, const char *const *segments,
                                      int32_t pixels, int32_t step, char *out,
                                      const ei_tile_i16_shape *tiles) {
  int16_t *y = (int16_t *)(void *)out;
  const int32_t panels = (p->out_c + 15) / 16;
  for (int32_t panel = 0; panel < panels;) {
    const ei_tile_i16_shape *tile = ei_choose_tile_i16(tiles, panels - panel, pixels);
    for (int32_t i = 0; i < pixels; i += tile->rows) {
      /* The last tile overlaps the one before it rather than being smaller. */
      const int32_t first = i + tile->rows <= pixels ? i : pixels - tile->rows;
      tile->run(p, segments, (ptrdiff_t)first * step, step, panel, y + (ptrdiff_t)first * p->out_c);
    }
    panel += tile->cols;
  }
}

#define EI_HAVE_STRIP_I16 1
static inline void ei_strip_i16_i32(const ei_conv_params *p, const char *const *segments,
                                    int32_t pixels, int32_t step, char *out) {
  ei_strip_tiles_i16(p, segments, pixels, step, out, pixels == 1 ? ei_lines_i16 : ei_tiles_i16);
}

static inline void ei_strip_i16_i64(const ei_conv_params *p, const char *const *segments,
                                    int32_t pixels, int32_t step, char *out) {
  if (p->small)
    ei_strip_i16_i32(p, segments, pixels, step, out);
  else
    ei_strip_tiles_i16(p, segments, pixels, step, out, ei_wide_tiles_i16);
}

/* Depthwise: 32 neighbouring outputs of a block, or what a vector holds of
 * them. Two taps are interleaved, so that a dot product adds both; channels
 * come in two vectors, as the interleaving leaves them. A block (see
 * pack_depthwise_i16 in ops/_conv_int16.py) is two of those that rescaling
 * takes, then the weights, 128 bytes for every two taps. */
#define EI_DEPTHWISE_HEAD_I16 (2 * EI_FACTOR_BYTES)

/* `count` such vectors, `step` bytes apart in the input and `stride` values in
 * the output. */
static inline __attribute__((always_inline)) void ei_depthwise_words(
    const ei_conv_params *p, const char *const *segments, ptrdiff_t at, ptrdiff_t step,
    const char *block, int16_t *out, ptrdiff_t stride, int32_t width, const int count) {
  const char *w = block + EI_DEPTHWISE_HEAD_I16;
  ei_words sum[4][2];
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    const ei_words start = ei_words_load(block + i * EI_FACTOR_BYTES + EI_FACTOR_BIAS);
#pragma GCC unroll 4
    for (int k = 0; k < count; k++) sum[k][i] = start;
  }
  for (int32_t s = 0; s < p->segments; s += 2, w += 128) {
    const char *x0 = segments[s] + at, *x1 = segments[s + 1] + at;
    const ei_words low = ei_words_load(w), high = ei_words_load(w + 64);
#pragma GCC unroll 4
    for (int k = 0; k < count; k++) {
      const ei_words a = ei_words_load(x0 + k * step), b = ei_words_load(x1 + k * step);
      ei_words_dot(&sum[k][0], ei_words_zip_low(a, b), low);
      ei_words_dot(&sum[k][1], ei_words_zip_high(a, b), high);
    }
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    const ei_words_factor factor = ei_words_load_factor(block + i * EI_FACTOR_BYTES);
#pragma GCC unroll 4
    for (int k = 0; k < count; k++) sum[k][i] = ei_words_rescale(sum[k][i], &factor, 1);
  }
#pragma GCC unroll 4
  for (int k = 0; k < count; k++)
    ei_words_store(ei_words_pack(sum[k][0], sum[k][1]), p->low, p->high, out + k * stride, width);
}

static inline void ei_depthwise_run_i16(const ei_conv_params *p, const char *const *segments,
                                        ptrdiff_t at, ptrdiff_t step, const char *block,
                                        int32_t count, int16_t *out, ptrdiff_t stride,
                                        int32_t width) {
  int32_t i = 0;
  for (; i + 4 <= count; i += 4)
    ei_depthwise_words(p, segments, at + i * step, step, block, out + i * stride, stride, width, 4);
  for (; i < count; i++)
    ei_depthwise_words(p, segments, at + i * step, 0, block, out + i * stride, 0, width, 1);
}

#define EI_HAVE_DEPTHWISE_STRIP_I16 1
static inline void ei_depthwise_strip_words(const ei_conv_params *p, const char *const *segments,
                                            int32_t pixels, int32_t step, int16_t *out) {
  enum { HELD = EI_VECTOR_BYTES / 2 };
  const ptrdiff_t block_bytes = EI_DEPTHWISE_HEAD_I16 + (ptrdiff_t)(p->segments + 1) / 2 * 128;
  const char *blocks = (const char *)p->extra;
  if (HELD % p->out_c == 0 && step == 2 * p->out_c) {
    /* Several pixels lie in a vector, the same weights for each. */
    const int32_t total = pixels * p->out_c, whole = total / HELD, done = whole * HELD;
    ei_depthwise_run_i16(p, segments, 0, EI_VECTOR_BYTES, blocks, whole, out, HELD, HELD);
    if (done < total)
      ei_depthwise_run_i16(p, segments, 2 * (ptrdiff_t)done, 0, blocks, 1, out + done, 0,
                           total - done);
    return;
  }
  for (int32_t o = 0; o < p->out_c; o += HELD) {
    const char *block = blocks + o / 32 * block_bytes + o % 32 * 2;
    const int32_t width = p->out_c - o < HELD ? p->out_c - o : HELD;
    ei_depthwise_run_i16(p, segments, 2 * (ptrdiff_t)o, step, block, pixels, out + o, p->out_c,
                         width);
  }
}

#undef EI_CAT
#undef EI_CAT2

#endif
