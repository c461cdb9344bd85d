/* int8 convolutions for NEON: tiles of up to six pixels, four outputs and four
 * inputs of each in a vector of weights. */
#ifndef EI_NEON_CONV_H
#define EI_NEON_CONV_H

#include "../ei_window.h"
#include "neon_integers.h"

/* `rows` pixels at a time by `quads` times four outputs, all sums in registers;
 * `first` is the first output, a multiple of eight. The last tile of `count`
 * pixels overlaps the one before it. */
static inline __attribute__((always_inline)) void ei_conv_tiles_i8(
    const ei_conv_params *p, const char *const *segments, int32_t count, ptrdiff_t step,
    int32_t first, char *out, const int rows, const int quads) {
  const int8_t *panel = (const int8_t *)p->weights +
                        (ptrdiff_t)(first / 16) * p->segments * p->words * 64 + 4 * (first % 16);
  const int32_t *bias = (const int32_t *)p->bias + first;
  const int32_t *multiplier = p->multiplier + first, *shift = p->shift + first;
  const int32_t width = p->out_c - first;
  for (int32_t i = 0; i < count; i += rows) {
    const int32_t pixel = i + rows <= count ? i : count - rows;
    char *y = out + (ptrdiff_t)pixel * p->out_c + first;
    const int8_t *w = panel;
    ei_sum4 sum[6][4];
#pragma GCC unroll 4
    for (int q = 0; q < quads; q++) {
      const ei_sum4 start = ei_start4(vld1q_s32(bias + 4 * q));
#pragma GCC unroll 6
      for (int r = 0; r < rows; r++) sum[r][q] = start;
    }
    for (int32_t s = 0; s < p->segments; s++) {
      const char *x = segments[s] + pixel * step;
      for (int32_t k = 0; k < p->words; k++, x += 4, w += 64) {
        int8x16_t weights[4];
#pragma GCC unroll 4
        for (int q = 0; q < quads; q++) weights[q] = vld1q_s8(w + 16 * q);
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
          int32_t four;
          memcpy(&four, x + r * step, 4);
          const int8x16_t values = vreinterpretq_s8_s32(vdupq_n_s32(four));
#pragma GCC unroll 4
          for (int q = 0; q < quads; q++) ei_dot4(&sum[r][q], weights[q], values);
        }
      }
    }
    int32x4_t total[6][4];
#pragma GCC unroll 4
    for (int q = 0; q < quads; q++) {
      const ei_factor4 factor = ei_load_factor4(multiplier + 4 * q, shift + 4 * q);
      if (p->small == 2) {
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) total[r][q] = ei_rescale4(ei_total4(&sum[r][q]), &factor, 1);
      } else {
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) total[r][q] = ei_rescale4(ei_total4(&sum[r][q]), &factor, 0);
      }
    }
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++) {
      if (quads == 4)
        ei_store16(y + (ptrdiff_t)r * p->out_c, width, ei_bytes16(p, total[r]));
      else
        ei_store8(y + (ptrdiff_t)r * p->out_c, width, ei_bytes8(p, total[r][0], total[r][1]));
    }
  }
}

typedef void (*ei_conv_tiles)(const ei_conv_params *p, const char *const *segments, int32_t count,
                              ptrdiff_t step, int32_t first, char *out);

#define EI_TILES(rows, quads)                                                                      \
  static void ei_tiles_##rows##x##quads(const ei_conv_params *p, const char *const *segments,      \
                                        int32_t count, ptrdiff_t step, int32_t first, char *out) { \
    ei_conv_tiles_i8(p, segments, count, step, first, out, rows, quads);                           \
  }
EI_TILES(1, 2)
EI_TILES(2, 2)
EI_TILES(3, 2)
EI_TILES(4, 2)
EI_TILES(5, 2)
EI_TILES(6, 2)
EI_TILES(1, 4)
#ifdef EI_SDOT
EI_TILES(2, 4)
EI_TILES(3, 4)
EI_TILES(4, 4)
EI_TILES(5, 4)
EI_TILES(6, 4)
#endif
#undef EI_TILES

#define EI_HAVE_STRIP_I8 1
static inline void ei_strip_i8(const ei_conv_params *p, const char *const *segments, int32_t pixels,
                               int32_t step, char *out) {
  static const ei_conv_tiles narrow[6] = {ei_tiles_1x2, ei_tiles_2x2, ei_tiles_3x2,
                                          ei_tiles_4x2, ei_tiles_5x2, ei_tiles_6x2};
#ifdef EI_SDOT
  static const ei_conv_tiles wide[6] = {ei_tiles_1x4, ei_tiles_2x4, ei_tiles_3x4,
                                        ei_tiles_4x4, ei_tiles_5x4, ei_tiles_6x4};
#else
  /* Their sums take twice as many registers. */
  static const ei_conv_tiles wide[6] = {ei_tiles_1x4, NULL, NULL, NULL, NULL, NULL};
#endif
  /* As few tiles as possible, as even as possible; the last overlaps the one
   * before it. */
  const int32_t tiles = (pixels + 5) / 6, rows = (pixels + tiles - 1) / tiles;
  for (int32_t first = 0; first < p->out_c;) {
    const int whole = p->out_c - first > 8 && wide[rows - 1] != NULL;
    const ei_conv_tiles run = whole ? wide[rows - 1] : narrow[rows - 1];
    run(p, segments, pixels, step, first, out);
    first += whole ? 16 : 8;
  }
}

#endif
