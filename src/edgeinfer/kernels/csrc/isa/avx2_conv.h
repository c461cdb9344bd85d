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
  for (; i + 4 <= count; i += 4) {
    int32_t four;
    memcpy(&four, from + i, 4);
    const __m128i x = _mm_xor_si128(_mm_cvtsi32_si128(four), flips);
    _mm_storel_epi64((__m128i *)(void *)(to + i), _mm_cvtepu8_epi16(x));
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
static inline __attribute__((always_inline)) __m256i ei_four_widened(const int16_t *x) {
  int64_t four;
  memcpy(&four, x, 8);
  return _mm256_set1_epi64x(four);
}

static inline __attribute__((always_inline)) __m256i ei_four_bytes(const char *x, __m128i flips) {
  int32_t four;
  memcpy(&four, x, 4);
  return _mm256_cvtepu8_epi16(_mm_xor_si128(_mm_set1_epi32(four), flips));
}

/* Sums of `rows` pixels and eight outputs each, rescaled, as bytes. */
static inline __attribute__((always_inline)) void ei_conv_store(const ei_conv_params *p,
                                                                const __m256i *y, char *out,
                                                                int32_t width, const int rows) {
  const __m256i low = _mm256_set1_epi8((char)p->low), high = _mm256_set1_epi8((char)p->high);
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
#pragma GCC unroll 2
  for (int r = 0; r < rows; r += 4) {
    const int last = rows - r - 1;
    const __m256i words[2] = {
        _mm256_packs_epi32(y[r], y[r + (last < 1 ? last : 1)]),
        _mm256_packs_epi32(y[r + (last < 2 ? last : 2)], y[r + (last < 3 ? last : 3)])};
    const __m256i bytes = _mm256_max_epi8(_mm256_packs_epi16(words[0], words[1]), low);
    const __m256i four = _mm256_permutevar8x32_epi32(_mm256_min_epi8(bytes, high), order);
    const __m128i pair[2] = {_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1)};
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      if (r + i >= rows) continue;
      const __m128i eight = i % 2 ? _mm_unpackhi_epi64(pair[i / 2], pair[i / 2]) : pair[i / 2];
      ei_store8(out + (ptrdiff_t)(r + i) * p->out_c, width, eight);
    }
  }
}

/* `rows` pixels at a time by `cols` groups of eight outputs, all sums in registers; `group` is the
 * first. The last tile of `count` pixels overlaps the one before it. */
static inline __attribute__((always_inline)) void ei_conv_tiles_i8(
    const ei_conv_params *p, const ei_conv_inputs *inputs, ptrdiff_t at, int32_t count,
    ptrdiff_t step, int32_t group, char *out, const int rows, const int cols, const int widened,
    const int small) {
  const ptrdiff_t panel_bytes = (ptrdiff_t)p->segments * p->words * 64;
  /* Segments of one word are taken as the words of one. */
  const int flat = widened && p->words == 1;
  const int32_t outer = flat ? 1 : p->segments, inner = flat ? p->segments : p->words;
  const ptrdiff_t stride = flat ? inputs->pitch : 4;
  const char *w[4], *factors[4];
#pragma GCC unroll 4
  for (int c = 0; c < cols; c++) {
    const ptrdiff_t panel = (group + c) / 2, half = 32 * ((group + c) % 2);
    w[c] = (const char *)p->weights + panel * panel_bytes + half;
    factors[c] = (const char *)p->extra + panel * EI_FACTOR_BYTES + half;
  }
  for (int32_t i = 0; i < count; i += rows) {
    const int32_t first = i + rows <= count ? i : count - rows;
    __m256i sum[6][4][2];
#pragma GCC unroll 4
    for (int c = 0; c < cols; c++) {
#pragma GCC unroll 6
      for (int r = 0; r < rows; r++) sum[r][c][0] = sum[r][c][1] = _mm256_setzero_si256();
    }
    ptrdiff_t place = 0;
    for (int32_t s = 0; s < outer; s++) {
      const ptrdiff_t from = at + first * step;
      const int16_t *values = widened ? inputs->values + s * inputs->pitch + from : NULL;
      const char *bytes = widened ? NULL : inputs->segments[s] + from;
      ptrdiff_t k = 0;
      for (int32_t j = 0; j < inner; j++, k += stride, place += 64) {
        __m256i weights[4][2];
#pragma GCC unroll 4
        for (int c = 0; c < cols; c++) {
          const __m128i *four = (const __m128i *)(const void *)(w[c] + place);
          weights[c][0] = _mm256_cvtepi8_epi16(_mm_loadu_si128(four));
          weights[c][1] = _mm256_cvtepi8_epi16(_mm_loadu_si128(four + 1));
        }
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
          const __m256i x = widened ? ei_four_widened(values + r * step + k)
                                    : ei_four_bytes(bytes + r * step + k, inputs->flips);
#pragma GCC unroll 4
          for (int c = 0; c < cols; c++) {
            sum[r][c][0] = _mm256_add_epi32(sum[r][c][0], _mm256_madd_epi16(x, weights[c][0]));
            sum[r][c][1] = _mm256_add_epi32(sum[r][c][1], _mm256_madd_epi16(x, weights[c][1]));
          }
        }
      }
    }
#pragma GCC unroll 4
    for (int c = 0; c < cols; c++) {
      const __m256i bias = ei_load8(factors[c] + EI_FACTOR_BIAS);
      const ei_factor8 factor = ei_load_factor8(factors[c]);
      const int32_t o = 8 * (group + c);
      __m256i y[6];
#pragma GCC unroll 6
      for (int r = 0; r < rows; r++) {
        /* Outputs 0, 1, 4, 5, 2, 3, 6, 7 after the pairs are added. */
        const __m256i mixed = _mm256_hadd_epi32(sum[r][c][0], sum[r][c][1]);
        const __m256i total = _mm256_add_epi32(_mm256_permute4x64_epi64(mixed, 0xD8), bias);
        y[r] = ei_rescale8(p, total, &factor, small);
      }
      ei_conv_store(p, y, out + (ptrdiff_t)first * p->out_c + o, p->out_c - o, rows);
    }
  }
}

typedef void (*ei_conv_tiles)(const ei_conv_params *p, const ei_conv_inputs *inputs, ptrdiff_t at,
                              int32_t count, ptrdiff_t step, int32_t group, char *out);

#define EI_TILE(name, rows, cols, widened, small)                                         \
  static void name(const ei_conv_params *p, const ei_conv_inputs *inputs, ptrdiff_t at,   \
                   int32_t count, ptrdiff_t step, int32_t group, char *out) {             \
    ei_conv_tiles_i8(p, inputs, at, count, step, group, out, rows, cols, widened, small); \
  }
#define EI_TILES(name, rows, cols, widened)     \
  EI_TILE(name##_large, rows, cols, widened, 0) \
  EI_TILE(name##_small, rows, cols, widened, 1) \
  EI_TILE(name##_positive, rows, cols, widened, 2)
EI_TILES(ei_tiles_1x1, 1, 1, 1)
EI_TILES(ei_tiles_2x1, 2, 1, 1)
EI_TILES(ei_tiles_3x1, 3, 1, 1)
EI_TILES(ei_tiles_4x1, 4, 1, 1)
EI_TILES(ei_tiles_5x1, 5, 1, 1)
EI_TILES(ei_tiles_6x1, 6, 1, 1)
EI_TILES(ei_tiles_1x4, 1, 4, 1)
/* For kernels so large that a pixel of them is not widened as a whole. */
EI_TILES(ei_tiles_bytes_1x1, 1, 1, 0)
EI_TILES(ei_tiles_bytes_1x4, 1, 4, 0)
#undef EI_TILES
#undef EI_TILE

/* All outputs of `count` pixels, of one if the inputs are not widened; `at` is where the first is.
 */
static inline void ei_conv_pixels_i8(const ei_conv_params *p, const ei_conv_inputs *inputs,
                                     ptrdiff_t at, int32_t count, ptrdiff_t step, char *out) {
#define EI_KINDS(name)                          \
  {                                             \
    name##_large, name##_small, name##_positive \
  }
  static const ei_conv_tiles tall[6][3] = {EI_KINDS(ei_tiles_1x1), EI_KINDS(ei_tiles_2x1),
                                           EI_KINDS(ei_tiles_3x1), EI_KINDS(ei_tiles_4x1),
                                           EI_KINDS(ei_tiles_5x1), EI_KINDS(ei_tiles_6x1)};
  static const ei_conv_tiles wide[2][3] = {EI_KINDS(ei_tiles_bytes_1x4), EI_KINDS(ei_tiles_1x4)};
  static const ei_conv_tiles bytes[3] = EI_KINDS(ei_tiles_bytes_1x1);
#undef EI_KINDS
  const int32_t groups = (p->out_c + 7) / 8;
  const int widened = inputs->values != NULL;
  int32_t group = 0;
  if (count == 1)
    for (; group + 4 <= groups; group += 4)
      wide[widened][p->small](p, inputs, at, 1, step, group, out);
  /* As few tiles as possible, as even as possible. */
  const int32_t tiles = (count + 5) / 6, rows = (count + tiles - 1) / tiles;
  const ei_conv_tiles run = widened ? tall[rows - 1][p->small] : bytes[p->small];
  for (; group < groups; group++) run(p, inputs, at, count, step, group, out);
}

#define EI_HAVE_STRIP_I8 1
static inline void ei_strip_i8(const ei_conv_params *p, const char *const *segments, int32_t pixels,
                               int32_t step, char *out) {
  const char flip = p->direct == 1 ? EI_FLIP_I8 : 0;
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
