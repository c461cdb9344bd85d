/* int8 convolutions for AVX2: bytes are widened to 16 bits, whose products are added in pairs and
 * exactly. (The product of bytes saturates: two of 255 * 127 leave 16 bits.)
 *
 * Inputs have 128 added by flipping their sign bit; what that adds to a sum has been taken off the
 * bias in `extra`. */
#ifndef EI_AVX2_CONV_H
#define EI_AVX2_CONV_H

#include "avx2_copy.h"

#include "../ei_window.h"
#include "avx2_integers.h"

#define EI_FLIP_I8 ((char)0x80)

/* Values widened at a time: they stay in the first-level cache beside the weights. */
#define EI_WIDENED 8192

/* `count` bytes, those bits flipped that are set in `flip`, as 16-bit numbers without sign. */
static inline void ei_widen_bytes(int16_t *to, const char *from, ptrdiff_t count, char flip) {
  const __m128i flips = _mm_set1_epi8(flip);
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(from + i));
    _mm256_storeu_si256((__m256i *)(void *)(to + i), _mm256_cvtepu8_epi16(_mm_xor_si128(x, flips)));
  }
  for (; i < count; i++) to[i] = (unsigned char)(from[i] ^ flip);
}

/* Where the inputs of a tile are: widened, a segment every `pitch` values, or in the segments. */
typedef struct {
  const int16_t *values;
  ptrdiff_t pitch;
  const char *const *segments;
  __m128i flips;
} ei_conv_inputs;

/* Four inputs, 16 bits each, four times. */
static inline __attribute__((always_inline)) __m256i ei_four_inputs(const ei_conv_inputs *inputs,
                                                                    int32_t segment, ptrdiff_t at,
                                                                    const int widened) {
  if (widened) {
    int64_t four;
    memcpy(&four, inputs->values + segment * inputs->pitch + at, 8);
    return _mm256_set1_epi64x(four);
  }
  int32_t four;
  memcpy(&four, inputs->segments[segment] + at, 4);
  return _mm256_cvtepu8_epi16(_mm_xor_si128(_mm_set1_epi32(four), inputs->flips));
}

/* `rows` pixels by `cols` groups of eight outputs, all sums in registers; `group` is the first. */
static inline __attribute__((always_inline)) void ei_conv_tile_i8(
    const ei_conv_params *p, const ei_conv_inputs *inputs, ptrdiff_t at, ptrdiff_t step,
    int32_t group, char *out, const int rows, const int cols, const int widened, const int small) {
  const ptrdiff_t panel_bytes = (ptrdiff_t)p->segments * p->words * 64;
  const char *w[4], *factors[4];
  __m256i sum[6][4][2];
#pragma GCC unroll 4
  for (int c = 0; c < cols; c++) {
    const ptrdiff_t panel = (group + c) / 2, half = 32 * ((group + c) % 2);
    w[c] = (const char *)p->weights + panel * panel_bytes + half;
    factors[c] = (const char *)p->extra + panel * EI_FACTOR_BYTES + half;
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) sum[r][c][0] = sum[r][c][1] = _mm256_setzero_si256();
  }
  ptrdiff_t place = 0;
  for (int32_t s = 0; s < p->segments; s++)
    for (int32_t k = 0; k < 4 * p->words; k += 4, place += 64) {
      __m256i weights[4][2];
#pragma GCC unroll 4
      for (int c = 0; c < cols; c++) {
        const __m128i *from = (const __m128i *)(const void *)(w[c] + place);
        weights[c][0] = _mm256_cvtepi8_epi16(_mm_loadu_si128(from));
        weights[c][1] = _mm256_cvtepi8_epi16(_mm_loadu_si128(from + 1));
      }
#pragma GCC unroll 6
      for (int r = 0; r < rows; r++) {
        const __m256i x = ei_four_inputs(inputs, s, at + r * step + k, widened);
#pragma GCC unroll 4
        for (int c = 0; c < cols; c++) {
          sum[r][c][0] = _mm256_add_epi32(sum[r][c][0], _mm256_madd_epi16(x, weights[c][0]));
          sum[r][c][1] = _mm256_add_epi32(sum[r][c][1], _mm256_madd_epi16(x, weights[c][1]));
        }
      }
    }
  const __m128i low = _mm_set1_epi8((char)p->low), high = _mm_set1_epi8((char)p->high);
#pragma GCC unroll 4
  for (int c = 0; c < cols; c++) {
    const __m256i bias = ei_load8(factors[c] + EI_FACTOR_BIAS);
    const ei_factor8 factor = ei_load_factor8(factors[c]);
    const int32_t o = 8 * (group + c), width = p->out_c - o;
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
      /* Outputs 0, 1, 4, 5, 2, 3, 6, 7 after the pairs are added. */
      const __m256i mixed = _mm256_hadd_epi32(sum[r][c][0], sum[r][c][1]);
      const __m256i total = _mm256_add_epi32(_mm256_permute4x64_epi64(mixed, 0xD8), bias);
      const __m256i y = ei_rescale8(p, total, &factor, small);
      const __m128i words =
          _mm_packs_epi32(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
      const __m128i bytes = _mm_max_epi8(_mm_packs_epi16(words, words), low);
      ei_store8(out + (ptrdiff_t)r * p->out_c + o, width, _mm_min_epi8(bytes, high));
    }
  }
}

typedef void (*ei_conv_tile)(const ei_conv_params *p, const ei_conv_inputs *inputs, ptrdiff_t at,
                             ptrdiff_t step, int32_t group, char *out);

#define EI_TILE(name, rows, cols, widened, small)                                       \
  static void name(const ei_conv_params *p, const ei_conv_inputs *inputs, ptrdiff_t at, \
                   ptrdiff_t step, int32_t group, char *out) {                          \
    ei_conv_tile_i8(p, inputs, at, step, group, out, rows, cols, widened, small);       \
  }
#define EI_TILES(rows, cols)                                 \
  EI_TILE(ei_tile_##rows##x##cols##_large, rows, cols, 1, 0) \
  EI_TILE(ei_tile_##rows##x##cols##_small, rows, cols, 1, 1) \
  EI_TILE(ei_tile_##rows##x##cols##_positive, rows, cols, 1, 2)
EI_TILES(1, 1)
EI_TILES(2, 1)
EI_TILES(3, 1)
EI_TILES(4, 1)
EI_TILES(5, 1)
EI_TILES(6, 1)
EI_TILES(1, 4)
#undef EI_TILES

/* Kernels so large that a pixel of them is not widened as a whole. */
EI_TILE(ei_tile_bytes_large, 1, 4, 0, 0)
EI_TILE(ei_tile_bytes_small, 1, 4, 0, 1)
EI_TILE(ei_tile_bytes_positive, 1, 4, 0, 2)
EI_TILE(ei_tile_bytes_one_large, 1, 1, 0, 0)
EI_TILE(ei_tile_bytes_one_small, 1, 1, 0, 1)
EI_TILE(ei_tile_bytes_one_positive, 1, 1, 0, 2)
#undef EI_TILE

/* All outputs of `count` pixels, of one if the inputs are not widened; `at` is where the first is.
 */
static inline void ei_conv_pixels_i8(const ei_conv_params *p, const ei_conv_inputs *inputs,
                                     ptrdiff_t at, int32_t count, ptrdiff_t step, char *out) {
#define EI_KINDS(name)                          \
  {                                             \
    name##_large, name##_small, name##_positive \
  }
  static const ei_conv_tile tall[6][3] = {EI_KINDS(ei_tile_1x1), EI_KINDS(ei_tile_2x1),
                                          EI_KINDS(ei_tile_3x1), EI_KINDS(ei_tile_4x1),
                                          EI_KINDS(ei_tile_5x1), EI_KINDS(ei_tile_6x1)};
  static const ei_conv_tile wide[2][3] = {EI_KINDS(ei_tile_bytes), EI_KINDS(ei_tile_1x4)};
  static const ei_conv_tile bytes[3] = EI_KINDS(ei_tile_bytes_one);
#undef EI_KINDS
  const int32_t groups = (p->out_c + 7) / 8;
  const int widened = inputs->values != NULL;
  int32_t group = 0;
  if (count == 1)
    for (; group + 4 <= groups; group += 4)
      wide[widened][p->small](p, inputs, at, step, group, out);
  /* As few tiles as possible, as even as possible; the last overlaps the one before it. */
  const int32_t tiles = (count + 5) / 6, rows = (count + tiles - 1) / tiles;
  const ei_conv_tile tile = widened ? tall[rows - 1][p->small] : bytes[p->small];
  for (; group < groups; group++)
    for (int32_t i = 0; i < count; i += rows) {
      const int32_t first = i + rows <= count ? i : count - rows;
      tile(p, inputs, at + first * step, step, group, out + (ptrdiff_t)first * p->out_c);
    }
}

#define EI_HAVE_STRIP_I8 1
static inline void ei_strip_i8(const ei_conv_params *p, const char *const *segments, int32_t pixels,
                               int32_t step, char *out) {
  const char flip = p->direct ? EI_FLIP_I8 : 0;
  const ptrdiff_t length = 4 * (ptrdiff_t)p->words, room = EI_WIDENED / p->segments;
  ei_conv_inputs inputs = {NULL, 0, segments, _mm_set1_epi8(flip)};
  if (room < length) {
    for (int32_t i = 0; i < pixels; i++, out += p->out_c)
      ei_conv_pixels_i8(p, &inputs, (ptrdiff_t)i * step, 1, step, out);
    return;
  }
  /* As many pixels as there is room for, whole tiles if possible. */
  const ptrdiff_t fit = (room - length) / step + 1;
  const int32_t most = fit >= pixels ? pixels : (int32_t)(fit >= 6 ? fit - fit % 6 : fit);
  int16_t values[EI_WIDENED];
  inputs.values = values;
  for (int32_t i = 0; i < pixels; i += most, out += (ptrdiff_t)most * p->out_c) {
    const int32_t count = pixels - i < most ? pixels - i : most;
    inputs.pitch = (ptrdiff_t)(count - 1) * step + length;
    for (int32_t s = 0; s < p->segments; s++)
      ei_widen_bytes(values + s * inputs.pitch, segments[s] + (ptrdiff_t)i * step, inputs.pitch,
                     flip);
    ei_conv_pixels_i8(p, &inputs, 0, count, step, out);
  }
}

#endif
