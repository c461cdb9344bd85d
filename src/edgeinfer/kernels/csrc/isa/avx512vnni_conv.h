/* Integer convolutions with the dot product of unsigned and signed bytes (VNNI). Inputs have 128
 * added by flipping their sign bit; what that adds to a sum has been taken off `extra`, the bias.
 */
#ifndef EI_AVX512VNNI_CONV_H
#define EI_AVX512VNNI_CONV_H

#include "../ei_fixed.h"
#include "avx512_copy.h"

#include "../ei_window.h"
#include "avx512_integers.h"

#define EI_CONV_PANEL 16
#define EI_FLIP_I8    ((char)0x80)

#define EI_CAT2(a, b) a##b
#define EI_CAT(a, b)  EI_CAT2(a, b)

/* Where the pixels of a tile are. Sixteen multiples of a step are more than there are registers for
 * addresses, and compilers then keep some in vectors, from where they come on the ports of the
 * products; so there is a pointer for every six pixels, and three multiples are enough. */
static inline __attribute__((always_inline)) const char *ei_kept(const char *x) {
  __asm__("" : "+r"(x));
  return x;
}

static inline __attribute__((always_inline)) const char *ei_pixel(const char *const *x, int r,
                                                                  const ptrdiff_t *steps) {
  const char *six = x[r / 6];
  switch (r % 6) {
    case 0:
      return six;
    case 1:
      return six + steps[0];
    case 2:
      return six + 2 * steps[0];
    case 3:
      return six + steps[1];
    case 4:
      return six + 4 * steps[0];
    default:
      return six + steps[2];
  }
}

#define EI_SIXES(x, first, steps)        \
  const char *x[3];                      \
  x[0] = (first);                        \
  x[1] = ei_kept(x[0] + 2 * (steps)[1]); \
  x[2] = ei_kept(x[0] + 4 * (steps)[1])
#define EI_NEXT(x, bytes) (x[0] += (bytes), x[1] += (bytes), x[2] += (bytes))

#include "avx512_narrow_i8.h"

#define EI_SLIDE 1
#define EI_COLS  2
#define EI_ROWS  8
#include "avx512_strip_i8.h"
#define EI_COLS 1
#define EI_ROWS 16
#include "avx512_strip_i8.h"
#undef EI_SLIDE
#define EI_SLIDE 0
#define EI_COLS  8
#define EI_ROWS  1
#include "avx512_strip_i8.h"
#define EI_COLS 4
#define EI_ROWS 6
#include "avx512_strip_i8.h"
#define EI_COLS 4
#define EI_ROWS 5
#include "avx512_strip_i8.h"
#define EI_COLS 4
#define EI_ROWS 4
#include "avx512_strip_i8.h"
#define EI_COLS 4
#define EI_ROWS 3
#include "avx512_strip_i8.h"
#define EI_COLS 4
#define EI_ROWS 1
#include "avx512_strip_i8.h"
#define EI_COLS 2
#define EI_ROWS 12
#include "avx512_strip_i8.h"
#define EI_COLS 2
#define EI_ROWS 8
#include "avx512_strip_i8.h"
#define EI_COLS 2
#define EI_ROWS 5
#include "avx512_strip_i8.h"
#define EI_COLS 2
#define EI_ROWS 1
#include "avx512_strip_i8.h"
#define EI_COLS 1
#define EI_ROWS 16
#include "avx512_strip_i8.h"
#define EI_COLS 1
#define EI_ROWS 8
#include "avx512_strip_i8.h"
#define EI_COLS 1
#define EI_ROWS 4
#include "avx512_strip_i8.h"
#define EI_COLS 1
#define EI_ROWS 1
#include "avx512_strip_i8.h"

typedef void (*ei_conv_tile_i8)(const ei_conv_params *p, const char *const *segments, ptrdiff_t at,
                                ptrdiff_t step, int32_t panel, char *out);

typedef struct {
  int32_t rows;
  ei_conv_tile_i8 run[2]; /* of a window, of pixels where they are */
} ei_conv_tile_shape;

/* The tile that covers `pixels` with the least waste: an even split into as few as possible. */
static inline ei_conv_tile_shape ei_choose_conv_tile(const ei_conv_tile_shape *shapes,
                                                     int32_t pixels) {
  const int32_t most = shapes[0].rows, tiles = (pixels + most - 1) / most;
  const int32_t even = (pixels + tiles - 1) / tiles;
  ei_conv_tile_shape best = shapes[0];
  for (int i = 1; shapes[i].rows != 0; i++)
    if (best.rows > pixels || shapes[i].rows >= even) best = shapes[i];
  return best;
}

#define EI_HAVE_STRIP_I8 1
static inline void ei_strip_i8(const ei_conv_params *p, const char *const *segments, int32_t pixels,
                               int32_t step, char *out) {
  static const ei_conv_tile_shape wide[] = {{6, {ei_conv_tile_i8_4x6, ei_conv_tile_i8_4x6_flip}},
                                            {5, {ei_conv_tile_i8_4x5, ei_conv_tile_i8_4x5_flip}},
                                            {4, {ei_conv_tile_i8_4x4, ei_conv_tile_i8_4x4_flip}},
                                            {3, {ei_conv_tile_i8_4x3, ei_conv_tile_i8_4x3_flip}},
                                            {1, {ei_conv_tile_i8_4x1, ei_conv_tile_i8_4x1_flip}},
                                            {0, {NULL, NULL}}};
  static const ei_conv_tile_shape pair[] = {{12, {ei_conv_tile_i8_2x12, ei_conv_tile_i8_2x12_flip}},
                                            {8, {ei_conv_tile_i8_2x8, ei_conv_tile_i8_2x8_flip}},
                                            {5, {ei_conv_tile_i8_2x5, ei_conv_tile_i8_2x5_flip}},
                                            {1, {ei_conv_tile_i8_2x1, ei_conv_tile_i8_2x1_flip}},
                                            {0, {NULL, NULL}}};
  static const ei_conv_tile_shape single[] = {
      {16, {ei_conv_tile_i8_1x16, ei_conv_tile_i8_1x16_flip}},
      {8, {ei_conv_tile_i8_1x8, ei_conv_tile_i8_1x8_flip}},
      {4, {ei_conv_tile_i8_1x4, ei_conv_tile_i8_1x4_flip}},
      {1, {ei_conv_tile_i8_1x1, ei_conv_tile_i8_1x1_flip}},
      {0, {NULL, NULL}}};
  static const ei_conv_tile_shape slide[] = {{16, {ei_conv_slide_i8_1x16, NULL}},
                                             {8, {ei_conv_slide_i8_2x8, NULL}}};
  static const ei_conv_tile_shape row[] = {{1, {ei_conv_tile_i8_8x1, ei_conv_tile_i8_8x1_flip}},
                                           {0, {NULL, NULL}}};
  /* Whether a kernel slides over the window, see the tiles. */
  const int slides =
      p->kernel_w == 3 && p->stride_w == 1 && p->dilation_w == 1 && !p->direct && p->in_c % 4 == 0;
  const int32_t panels = (p->out_c + EI_CONV_PANEL - 1) / EI_CONV_PANEL;
  if (ei_is_narrow_i8(p, pixels)) {
    for (int32_t i = 0; i < pixels; i += EI_NARROW_PIXELS) {
      const int32_t first = i + EI_NARROW_PIXELS <= pixels ? i : pixels - EI_NARROW_PIXELS;
      ei_conv_narrow_i8(p, segments, (ptrdiff_t)first * step, step,
                        out + (ptrdiff_t)first * p->out_c);
    }
    return;
  }
  for (int32_t panel = 0; panel < panels;) {
    const int32_t left = panels - panel;
    const int32_t cols = left >= 8 && pixels == 1 ? 8 : (left >= 4 ? 4 : (left >= 2 ? 2 : 1));
    const ei_conv_tile_shape *shapes =
        cols == 8 ? row : (cols == 4 ? wide : (cols == 2 ? pair : single));
    ei_conv_tile_shape tile = ei_choose_conv_tile(shapes, pixels);
    if (slides && cols == 1 && pixels % 16 == 0) tile = slide[0];
    if (slides && cols == 2 && pixels % 8 == 0) tile = slide[1];
    for (int32_t i = 0; i < pixels; i += tile.rows) {
      /* The last tile overlaps the one before it rather than being smaller. */
      const int32_t first = i + tile.rows <= pixels ? i : pixels - tile.rows;
      tile.run[p->direct == 1](p, segments, (ptrdiff_t)first * step, step, panel,
                               out + (ptrdiff_t)first * p->out_c);
    }
    panel += cols;
  }
}

/* Depthwise: 64 neighbouring outputs at a time. Four taps of 64 channels are interleaved, so that
 * one dot product adds four taps of 16 channels: those that the unpacking leaves together, hence
 * the order of `extra` (see pack_depthwise in ops/conv.py). A block there is four of those that
 * rescaling takes, then the weights, 256 bytes for every four taps. */

/* The bytes of four taps, interleaved. */
static inline __attribute__((always_inline)) void ei_interleave(__m512i x0, __m512i x1, __m512i x2,
                                                                __m512i x3, __m512i *words) {
  const __m512i low01 = _mm512_unpacklo_epi8(x0, x1), high01 = _mm512_unpackhi_epi8(x0, x1);
  const __m512i low23 = _mm512_unpacklo_epi8(x2, x3), high23 = _mm512_unpackhi_epi8(x2, x3);
  words[0] = _mm512_unpacklo_epi16(low01, low23);
  words[1] = _mm512_unpackhi_epi16(low01, low23);
  words[2] = _mm512_unpacklo_epi16(high01, high23);
  words[3] = _mm512_unpackhi_epi16(high01, high23);
}

/* Whether the bounds of the outputs are tighter than those of a byte. */
static inline int ei_has_bounds(const ei_conv_params *p) {
  return p->low > INT8_MIN || p->high < INT8_MAX;
}

static inline __attribute__((always_inline)) void ei_depthwise_store(const ei_conv_params *p,
                                                                     const __m512i *y, char *out,
                                                                     int32_t width,
                                                                     int has_bounds) {
  __m512i bytes =
      _mm512_packs_epi16(_mm512_packs_epi32(y[0], y[1]), _mm512_packs_epi32(y[2], y[3]));
  if (has_bounds)
    bytes = _mm512_min_epi8(_mm512_max_epi8(bytes, _mm512_set1_epi8((char)p->low)),
                            _mm512_set1_epi8((char)p->high));
  if (width >= 64)
    _mm512_storeu_si512(out, bytes);
  else
    _mm512_mask_storeu_epi8(out, ((__mmask64)1 << width) - 1, bytes);
}

static inline __attribute__((always_inline)) void ei_depthwise_blocks_i8(
    const ei_conv_params *p, const char *const *segments, const ptrdiff_t *at, const char *block,
    const int32_t *width, char *const *out, int groups, const int count) {
  const char *w = block + EI_DEPTHWISE_HEAD;
  __m512i sum[2][4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    sum[0][i] = _mm512_loadu_si512(block + EI_FACTOR_BYTES * i + EI_FACTOR_BIAS);
    sum[1][i] = sum[0][i];
  }
#pragma GCC unroll 4
  for (int g = 0; g < groups; g++, segments += 4, w += 256) {
#pragma GCC unroll 2
    for (int k = 0; k < count; k++) {
      __m512i words[4];
      ei_interleave(
          _mm512_loadu_si512(segments[0] + at[k]), _mm512_loadu_si512(segments[1] + at[k]),
          _mm512_loadu_si512(segments[2] + at[k]), _mm512_loadu_si512(segments[3] + at[k]), words);
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) ei_dot16(&sum[k][i], words[i], _mm512_loadu_si512(w + 64 * i));
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    const ei_factor16 factor = ei_load_factor16(block + EI_FACTOR_BYTES * i);
    if (p->small == 2) {
#pragma GCC unroll 2
      for (int k = 0; k < count; k++) sum[k][i] = ei_rescale16(sum[k][i], &factor, 1);
    } else {
#pragma GCC unroll 2
      for (int k = 0; k < count; k++) sum[k][i] = ei_rescale16(sum[k][i], &factor, 0);
    }
  }
#pragma GCC unroll 2
  for (int k = 0; k < count; k++) ei_depthwise_store(p, sum[k], out[k], width[k], 1);
}

/* `count` blocks, `step` apart in the input and `stride` in the output, two at a time. */
static inline __attribute__((always_inline)) void ei_depthwise_run_i8(
    const ei_conv_params *p, const char *const *segments, ptrdiff_t at, ptrdiff_t step,
    const char *block, int32_t count, int32_t width, int32_t total, char *out, ptrdiff_t stride,
    int groups) {
  for (int32_t i = 0; i < count; i += 2) {
    const ptrdiff_t places[2] = {at + i * step, at + (i + 1) * step};
    const int32_t left = total - i * width;
    const int32_t widths[2] = {left < width ? left : width,
                               left - width < width ? left - width : width};
    char *const to[2] = {out + i * stride, out + (i + 1) * stride};
    if (i + 1 < count)
      ei_depthwise_blocks_i8(p, segments, places, block, widths, to, groups, 2);
    else
      ei_depthwise_blocks_i8(p, segments, places, block, widths, to, groups, 1);
  }
}

/* A strip with `groups` of four taps. */
static inline __attribute__((always_inline)) void ei_depthwise_strip_groups(
    const ei_conv_params *p, const char *const *segments, int32_t pixels, int32_t step, char *out,
    int groups) {
  const ptrdiff_t block_bytes = EI_DEPTHWISE_HEAD + (ptrdiff_t)groups * 256;
  const char *blocks = (const char *)p->extra;
  if (64 % p->out_c == 0 && step == p->out_c) {
    /* Several pixels lie in a block, the same weights for each. */
    const int32_t total = pixels * p->out_c;
    ei_depthwise_run_i8(p, segments, 0, 64, blocks, (total + 63) / 64, 64, total, out, 64, groups);
    return;
  }
  for (int32_t k = 0; 64 * k < p->out_c; k++, blocks += block_bytes) {
    const int32_t width = p->out_c - 64 * k < 64 ? p->out_c - 64 * k : 64;
    ei_depthwise_run_i8(p, segments, 64 * k, step, blocks, pixels, width, pixels * width,
                        out + 64 * k, p->out_c, groups);
  }
}

/* Where sums come near to overflow: channel by channel, from the bytes as they were. */
static inline void ei_depthwise_strip_large(const ei_conv_params *p, const char *const *segments,
                                            int32_t pixels, int32_t step, char *out) {
  const int8_t *w = (const int8_t *)p->weights;
  for (int32_t i = 0; i < pixels; i++, out += p->out_c)
    for (int32_t c = 0; c < p->out_c; c++) {
      int32_t sum = ((const int32_t *)p->bias)[c];
      for (int32_t s = 0; s < p->segments; s++) {
        const char x = (char)(segments[s][(ptrdiff_t)i * step + c] ^ EI_FLIP_I8);
        sum += (int8_t)x * w[(ptrdiff_t)s * p->out_c + c];
      }
      const int32_t value = ei_rescale_i32(sum, p->multiplier[c], p->shift[c]);
      out[c] = (char)(ei_clamp_i32(value, p->low - p->y_zero, p->high - p->y_zero) + p->y_zero);
    }
}

#define EI_HAVE_DEPTHWISE_STRIP_I8 1
static inline void ei_depthwise_strip_i8(const ei_conv_params *p, const char *const *segments,
                                         int32_t pixels, int32_t step, char *out) {
  const int groups = (p->segments + 3) / 4;
  if (!p->small)
    ei_depthwise_strip_large(p, segments, pixels, step, out);
  else if (groups == 3)
    ei_depthwise_strip_groups(p, segments, pixels, step, out, 3);
  else if (groups == 1)
    ei_depthwise_strip_groups(p, segments, pixels, step, out, 1);
  else
    ei_depthwise_strip_groups(p, segments, pixels, step, out, groups);
}

/* Depthwise 3 x 3, a band of output rows at a time: down a column of blocks of 64 outputs, each row
 * of inputs is interleaved once for the (up to three) outputs it is in. Weights have the three taps
 * of a row of the kernel and a fourth of zeros. */
static inline __attribute__((always_inline)) void ei_depthwise_row_dot(const char *x,
                                                                       const ptrdiff_t *tap,
                                                                       __m512i *words) {
  const __m512i x0 = _mm512_loadu_si512(x), x1 = _mm512_loadu_si512(x + tap[0]);
  const __m512i x2 = _mm512_loadu_si512(x + tap[1]);
  ei_interleave(x0, x1, x2, _mm512_setzero_si512(), words);
}

static inline __attribute__((always_inline)) void ei_depthwise_column_i8(
    const ei_conv_params *p, const char *x, const ptrdiff_t *tap, const char *block, int32_t width,
    int32_t count, char *out, const int stride, const int positive) {
  const ptrdiff_t out_row = (ptrdiff_t)p->out_w * p->out_c;
  const ptrdiff_t in_row = p->row_bytes, taps[2] = {tap[0], tap[1]};
  const int has_bounds = ei_has_bounds(p);
  __m512i sum[3][4], words[4], weights[12];
#pragma GCC unroll 12
  for (int i = 0; i < 12; i++) weights[i] = _mm512_loadu_si512(block + EI_DEPTHWISE_HEAD + 64 * i);
#define EI_START(s)                                               \
  _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++) sum[s][i] = \
      _mm512_loadu_si512(block + EI_FACTOR_BYTES * i)
#define EI_ADD(s, dy)                                 \
  _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++) \
      ei_dot16(&sum[s][i], words[i], weights[4 * (dy) + i])
  ei_depthwise_row_dot(x, taps, words);
  x += in_row;
  EI_START(0);
  EI_ADD(0, 0);
  if (stride == 1) {
    ei_depthwise_row_dot(x, taps, words);
    x += in_row;
    EI_ADD(0, 1);
    EI_START(1);
    EI_ADD(1, 0);
  }
  for (int32_t y = 0; y < count; y++, out += out_row) {
    if (stride == 2) {
      ei_depthwise_row_dot(x, taps, words);
      x += in_row;
      EI_ADD(0, 1);
    }
    ei_depthwise_row_dot(x, taps, words);
    x += in_row;
    EI_ADD(0, 2);
    if (stride == 1) {
      EI_ADD(1, 1);
      EI_START(2);
      EI_ADD(2, 0);
    } else {
      EI_START(1);
      EI_ADD(1, 0);
    }
    __m512i done[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      const ei_factor16 factor = ei_load_factor16(block + EI_FACTOR_BYTES * i);
      done[i] = ei_rescale16(sum[0][i], &factor, positive);
      sum[0][i] = sum[1][i];
      if (stride == 1) sum[1][i] = sum[2][i];
    }
    ei_depthwise_store(p, done, out, width, has_bounds);
  }
#undef EI_START
#undef EI_ADD
}

typedef void (*ei_depthwise_column)(const ei_conv_params *p, const char *x, const ptrdiff_t *tap,
                                    const char *block, int32_t width, int32_t count, char *out);

#define EI_COLUMN(name, stride, positive)                                          \
  static void name(const ei_conv_params *p, const char *x, const ptrdiff_t *tap,   \
                   const char *block, int32_t width, int32_t count, char *out) {   \
    ei_depthwise_column_i8(p, x, tap, block, width, count, out, stride, positive); \
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
  const ei_depthwise_column column = columns[p->stride_h - 1][p->small == 2];
  const char *image = (const char *)io->in[0];
  char *out = (char *)io->out[0], *band = (char *)io->scratch;
  const ptrdiff_t wide = p->out_c;
  ptrdiff_t tap[2];
  for (int32_t j = 1; j < 3; j++)
    tap[j - 1] = (ptrdiff_t)(j % p->stride_w) * p->phase_bytes + j / p->stride_w * wide;
  const ptrdiff_t block_bytes = EI_DEPTHWISE_HEAD + 3 * 256;
  const int32_t images = io->rows * p->images, out_row = p->out_w * p->out_c;
  memset(band, ei_window_pad(p, EI_FLIP_I8),
         (size_t)((p->band - 1) * p->stride_h + 3) * (size_t)p->row_bytes);
  for (int32_t i = 0; i < images; i++, image += (ptrdiff_t)p->in_h * p->in_w * p->in_c)
    for (int32_t first = 0; first < p->out_h; first += p->band) {
      const int32_t count = p->out_h - first < p->band ? p->out_h - first : p->band;
      const int32_t top = first * p->stride_h - p->pad_top;
      for (int32_t r = 0; r < (count - 1) * p->stride_h + 3; r++)
        ei_window_load(p, image, top + r, 1, EI_FLIP_I8, band + (ptrdiff_t)r * p->row_bytes);
      const char *block = (const char *)p->extra;
      if (64 % p->out_c == 0) {
        /* Several pixels lie in a block, the same weights for each. */
        for (int32_t at = 0; at < out_row; at += 64)
          column(p, band + at, tap, block, out_row - at, count, out + at);
      } else {
        for (int32_t c = 0; c < p->out_c; c += 64, block += block_bytes)
          for (int32_t at = c; at < out_row; at += p->out_c)
            column(p, band + at, tap, block, p->out_c - c, count, out + at);
      }
      out += (ptrdiff_t)count * out_row;
    }
}

#undef EI_SLIDE
#undef EI_CAT
#undef EI_CAT2

#endif
