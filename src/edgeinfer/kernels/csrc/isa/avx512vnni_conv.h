/* Integer convolutions with the dot product of unsigned and signed bytes (VNNI). Inputs have 128
 * added by flipping their sign bit; what that adds to a sum has been taken off `extra`, the bias.
 */
#ifndef EI_AVX512VNNI_CONV_H
#define EI_AVX512VNNI_CONV_H

#include "../ei_fixed.h"
#include "../ei_window.h"
#include "avx512_integers.h"

#define EI_CONV_PANEL 16
#define EI_FLIP_I8    ((char)0x80)

/* sum += dot products of four unsigned and four signed bytes. As an instruction of our own: with
 * the intrinsic, compilers copy every sum before and after. */
static inline __attribute__((always_inline)) void ei_dot16(__m512i *sum, __m512i x, __m512i w) {
  __asm__("vpdpbusd %2, %1, %0" : "+v"(*sum) : "v"(x), "v"(w));
}

#define EI_CAT2(a, b) a##b
#define EI_CAT(a, b)  EI_CAT2(a, b)

#define EI_COLS 8
#define EI_ROWS 1
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
  static const ei_conv_tile_shape row[] = {{1, {ei_conv_tile_i8_8x1, ei_conv_tile_i8_8x1_flip}},
                                           {0, {NULL, NULL}}};
  const int32_t panels = (p->out_c + EI_CONV_PANEL - 1) / EI_CONV_PANEL;
  for (int32_t panel = 0; panel < panels;) {
    const int32_t left = panels - panel;
    const int32_t cols = left >= 8 && pixels == 1 ? 8 : (left >= 4 ? 4 : (left >= 2 ? 2 : 1));
    const ei_conv_tile_shape *shapes =
        cols == 8 ? row : (cols == 4 ? wide : (cols == 2 ? pair : single));
    const ei_conv_tile_shape tile = ei_choose_conv_tile(shapes, pixels);
    for (int32_t i = 0; i < pixels; i += tile.rows) {
      /* The last tile overlaps the one before it rather than being smaller. */
      const int32_t first = i + tile.rows <= pixels ? i : pixels - tile.rows;
      tile.run[p->direct](p, segments, (ptrdiff_t)first * step, step, panel,
                          out + (ptrdiff_t)first * p->out_c);
    }
    panel += cols;
  }
}

/* Depthwise: 64 neighbouring outputs at a time. Four taps of 64 channels are interleaved, so that
 * one dot product adds four taps of 16 channels: those that the unpacking leaves together, hence
 * the order of `extra` (see pack_depthwise in ops/conv.py). A block there is 64 biases, 64
 * multipliers, 64 shifts to the left (one more, as sums are `small`), to the right, halves to
 * round with, then the weights, 256 bytes for every four taps. */
#define EI_DEPTHWISE_HEAD 1280

static inline __attribute__((always_inline)) void ei_depthwise_block_i8(
    const ei_conv_params *p, const char *const *segments, ptrdiff_t at, const char *block,
    int32_t width, char *out, int groups) {
  const char *w = block + EI_DEPTHWISE_HEAD;
  __m512i a = _mm512_loadu_si512(block), b = _mm512_loadu_si512(block + 64);
  __m512i c = _mm512_loadu_si512(block + 128), d = _mm512_loadu_si512(block + 192);
#pragma GCC unroll 4
  for (int g = 0; g < groups; g++, segments += 4, w += 256) {
    const __m512i x0 = _mm512_loadu_si512(segments[0] + at);
    const __m512i x1 = _mm512_loadu_si512(segments[1] + at);
    const __m512i x2 = _mm512_loadu_si512(segments[2] + at);
    const __m512i x3 = _mm512_loadu_si512(segments[3] + at);
    const __m512i low01 = _mm512_unpacklo_epi8(x0, x1), high01 = _mm512_unpackhi_epi8(x0, x1);
    const __m512i low23 = _mm512_unpacklo_epi8(x2, x3), high23 = _mm512_unpackhi_epi8(x2, x3);
    ei_dot16(&a, _mm512_unpacklo_epi16(low01, low23), _mm512_loadu_si512(w));
    ei_dot16(&b, _mm512_unpackhi_epi16(low01, low23), _mm512_loadu_si512(w + 64));
    ei_dot16(&c, _mm512_unpacklo_epi16(high01, high23), _mm512_loadu_si512(w + 128));
    ei_dot16(&d, _mm512_unpackhi_epi16(high01, high23), _mm512_loadu_si512(w + 192));
  }
  const __m512i *m = (const __m512i *)(const void *)(block + 256);
  const __m512i zero = _mm512_set1_epi32(p->y_zero);
  __m512i *sums[4] = {&a, &b, &c, &d};
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    ei_factor16 factor;
    factor.multiplier = _mm512_loadu_si512(m + i);
    factor.left = _mm512_loadu_si512(m + 4 + i);
    factor.right = _mm512_loadu_si512(m + 8 + i);
    factor.half = _mm512_loadu_si512(m + 12 + i);
    factor.any = _mm512_test_epi32_mask(factor.right, factor.right);
    *sums[i] = _mm512_add_epi32(ei_rescale16(*sums[i], &factor, 1), zero);
  }
  __m512i y = _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
  y = _mm512_max_epi8(y, _mm512_set1_epi8((char)p->low));
  y = _mm512_min_epi8(y, _mm512_set1_epi8((char)p->high));
  if (width >= 64)
    _mm512_storeu_si512(out, y);
  else
    _mm512_mask_storeu_epi8(out, ((__mmask64)1 << width) - 1, y);
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
    for (int32_t i = 0; i < total; i += 64)
      ei_depthwise_block_i8(p, segments, i, blocks, total - i, out + i, groups);
    return;
  }
  for (int32_t k = 0; 64 * k < p->out_c; k++, blocks += block_bytes)
    for (int32_t i = 0; i < pixels; i++)
      ei_depthwise_block_i8(p, segments, (ptrdiff_t)i * step + 64 * k, blocks, p->out_c - 64 * k,
                            out + (ptrdiff_t)i * p->out_c + 64 * k, groups);
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

#undef EI_CAT
#undef EI_CAT2

#endif
