/* Float convolutions in vectors, for every set that has them (EI_VECTOR_BYTES). The order of a sum
 * is that of ei_conv.h, but products are not rounded: an output is one chain of fused multiply-adds
 * from the bias over the kernel in memory order, whatever tile computes it. Tiles are as large as
 * the registers allow. */
#ifndef EI_ISA_CONV_FLOAT_H
#define EI_ISA_CONV_FLOAT_H

#include "../ei_window.h"

typedef float ei_floats
    __attribute__((vector_size(EI_VECTOR_BYTES), aligned(sizeof(float)), may_alias));

/* x * y + z, rounded once. */
static inline ei_floats ei_fma_floats(ei_floats x, ei_floats y, ei_floats z) {
#if EI_VECTOR_BYTES == 64
  return (ei_floats)_mm512_fmadd_ps((__m512)x, (__m512)y, (__m512)z);
#elif EI_VECTOR_BYTES == 32
  return (ei_floats)_mm256_fmadd_ps((__m256)x, (__m256)y, (__m256)z);
#else
  return (ei_floats)vfmaq_f32((float32x4_t)z, (float32x4_t)x, (float32x4_t)y);
#endif
}

static inline ei_floats ei_spread_float(float x) {
#if EI_VECTOR_BYTES == 64
  return (ei_floats)_mm512_set1_ps(x);
#elif EI_VECTOR_BYTES == 32
  return (ei_floats)_mm256_set1_ps(x);
#else
  return (ei_floats)vdupq_n_f32(x);
#endif
}

#if EI_VECTOR_BYTES == 16
typedef int32_t ei_masks __attribute__((vector_size(EI_VECTOR_BYTES)));

/* x where the mask is 0, y where it is -1. */
static inline ei_floats ei_select_floats(ei_masks mask, ei_floats x, ei_floats y) {
  return (ei_floats)(((ei_masks)x & ~mask) | ((ei_masks)y & mask));
}

#endif

/* The bounds kept; a NaN stays one (as the second operand of max and min of x86). */
static inline ei_floats ei_clamp_floats(ei_floats v, float low, float high) {
  const ei_floats least = ei_spread_float(low), most = ei_spread_float(high);
#if EI_VECTOR_BYTES == 64
  return (ei_floats)_mm512_min_ps((__m512)most, _mm512_max_ps((__m512)least, (__m512)v));
#elif EI_VECTOR_BYTES == 32
  return (ei_floats)_mm256_min_ps((__m256)most, _mm256_max_ps((__m256)least, (__m256)v));
#else
  v = ei_select_floats(v < least, v, least);
  return ei_select_floats(v > most, v, most);
#endif
}

/* The first `width` values of a vector. */
static inline void ei_store_floats(float *to, ei_floats v, int width) {
  enum { LANES = EI_VECTOR_BYTES / 4 };
  if (width >= LANES) {
    *(ei_floats *)to = v;
    return;
  }
#if EI_VECTOR_BYTES == 64
  if (width > 0) _mm512_mask_storeu_ps(to, (__mmask16)((1u << width) - 1), (__m512)v);
#else
  for (int i = 0; i < width; i++) to[i] = v[i];
#endif
}

#define EI_CAT2(a, b) a##b
#define EI_CAT(a, b)  EI_CAT2(a, b)

#if EI_VECTOR_BYTES == 64
#define EI_COLS 8
#define EI_ROWS 1
#include "conv_float_tile.h"
#define EI_COLS 4
#define EI_ROWS 6
#include "conv_float_tile.h"
#define EI_COLS 4
#define EI_ROWS 5
#include "conv_float_tile.h"
#define EI_COLS 4
#define EI_ROWS 4
#include "conv_float_tile.h"
#define EI_COLS 4
#define EI_ROWS 3
#include "conv_float_tile.h"
#define EI_COLS 4
#define EI_ROWS 1
#include "conv_float_tile.h"
#define EI_COLS 2
#define EI_ROWS 12
#include "conv_float_tile.h"
#define EI_COLS 2
#define EI_ROWS 9
#include "conv_float_tile.h"
#define EI_COLS 2
#define EI_ROWS 8
#include "conv_float_tile.h"
#define EI_COLS 2
#define EI_ROWS 6
#include "conv_float_tile.h"
#define EI_COLS 2
#define EI_ROWS 4
#include "conv_float_tile.h"
#define EI_COLS 2
#define EI_ROWS 1
#include "conv_float_tile.h"
#define EI_COLS 1
#define EI_ROWS 16
#include "conv_float_tile.h"
#define EI_COLS 1
#define EI_ROWS 12
#include "conv_float_tile.h"
#define EI_COLS 1
#define EI_ROWS 8
#include "conv_float_tile.h"
#define EI_COLS 1
#define EI_ROWS 4
#include "conv_float_tile.h"
#define EI_COLS 1
#define EI_ROWS 1
#include "conv_float_tile.h"
#else
#define EI_COLS 4
#define EI_ROWS 1
#include "conv_float_tile.h"
#define EI_COLS 1
#define EI_ROWS 6
#include "conv_float_tile.h"
#define EI_COLS 1
#define EI_ROWS 5
#include "conv_float_tile.h"
#define EI_COLS 1
#define EI_ROWS 4
#include "conv_float_tile.h"
#define EI_COLS 1
#define EI_ROWS 3
#include "conv_float_tile.h"
#define EI_COLS 1
#define EI_ROWS 1
#include "conv_float_tile.h"
#endif

typedef void (*ei_tile_f32)(const ei_conv_params *p, const char *const *segments, ptrdiff_t at,
                            ptrdiff_t step, int32_t panel, float *out);

typedef struct {
  int32_t cols;
  int32_t rows;
  ei_tile_f32 run;
} ei_tile_f32_shape;

/* Tiles from wide to narrow, and of one width from tall to flat; the flattest has one row. */
static const ei_tile_f32_shape ei_tiles_f32[] = {
#if EI_VECTOR_BYTES == 64
    {4, 6, ei_tile_f32_4x6},   {4, 5, ei_tile_f32_4x5}, {4, 4, ei_tile_f32_4x4},
    {4, 3, ei_tile_f32_4x3},   {4, 1, ei_tile_f32_4x1}, {2, 12, ei_tile_f32_2x12},
    {2, 9, ei_tile_f32_2x9},   {2, 8, ei_tile_f32_2x8}, {2, 6, ei_tile_f32_2x6},
    {2, 4, ei_tile_f32_2x4},   {2, 1, ei_tile_f32_2x1}, {1, 16, ei_tile_f32_1x16},
    {1, 12, ei_tile_f32_1x12}, {1, 8, ei_tile_f32_1x8}, {1, 4, ei_tile_f32_1x4},
    {1, 1, ei_tile_f32_1x1},
#else
    {1, 6, ei_tile_f32_1x6}, {1, 5, ei_tile_f32_1x5}, {1, 4, ei_tile_f32_1x4},
    {1, 3, ei_tile_f32_1x3}, {1, 1, ei_tile_f32_1x1},
#endif
};

/* Of the tiles of a width the one that covers `pixels` evenly with as few as possible. */
static inline const ei_tile_f32_shape *ei_choose_tile_f32(int32_t panels, int32_t pixels) {
  const ei_tile_f32_shape *first = ei_tiles_f32;
  while (first->cols > panels) first++;
  const int32_t tiles = (pixels + first->rows - 1) / first->rows;
  const int32_t even = (pixels + tiles - 1) / tiles;
  const ei_tile_f32_shape *best = first;
  for (const ei_tile_f32_shape *t = first; t->cols == first->cols; t++) {
    if (best->rows > pixels || t->rows >= even) best = t;
    if (t->rows == 1) break;
  }
  return best;
}

/* What a single pixel takes: panels enough to hide the latency of a sum. */
#if EI_VECTOR_BYTES == 64
#define EI_ROW_COLS 8
#define EI_ROW_TILE ei_tile_f32_8x1
#else
#define EI_ROW_COLS 4
#define EI_ROW_TILE ei_tile_f32_4x1
#endif

#define EI_HAVE_STRIP_F32 1
static inline void ei_strip_f32(const ei_conv_params *p, const char *const *segments,
                                int32_t pixels, int32_t step, char *out) {
  float *y = (float *)(void *)out;
  const int32_t panels = (p->out_c + 15) / 16;
  for (int32_t panel = 0; panel < panels;) {
    if (pixels == 1 && panels - panel >= EI_ROW_COLS) {
      EI_ROW_TILE(p, segments, 0, 0, panel, y);
      panel += EI_ROW_COLS;
      continue;
    }
    const ei_tile_f32_shape *tile = ei_choose_tile_f32(panels - panel, pixels);
    for (int32_t i = 0; i < pixels; i += tile->rows) {
      const int32_t first = i + tile->rows <= pixels ? i : pixels - tile->rows;
      tile->run(p, segments, (ptrdiff_t)first * step, step, panel, y + (ptrdiff_t)first * p->out_c);
    }
    panel += tile->cols;
  }
}

/* Depthwise: the sums of `count` vectors of outputs, `step` bytes apart in the input, at once. */
static inline __attribute__((always_inline)) void ei_depthwise_vectors_f32(
    const ei_conv_params *p, const char *const *segments, ptrdiff_t at, ptrdiff_t step,
    const float *bias, const float *weights, ptrdiff_t tap, float *out, ptrdiff_t stride,
    const int count) {
  ei_floats sum[6];
#pragma GCC unroll 6
  for (int i = 0; i < count; i++) sum[i] = *(const ei_floats *)bias;
  for (int32_t s = 0; s < p->segments; s++, weights += tap) {
    const ei_floats w = *(const ei_floats *)weights;
    const char *x = segments[s] + at;
#pragma GCC unroll 6
    for (int i = 0; i < count; i++)
      sum[i] = ei_fma_floats(*(const ei_floats *)(const void *)(x + i * step), w, sum[i]);
  }
#pragma GCC unroll 6
  for (int i = 0; i < count; i++)
    *(ei_floats *)(out + i * stride) = ei_clamp_floats(sum[i], p->low_f, p->high_f);
}

/* `count` vectors, in even parts of up to six. */
static inline void ei_depthwise_run_f32(const ei_conv_params *p, const char *const *segments,
                                        ptrdiff_t at, ptrdiff_t step, const float *bias,
                                        const float *weights, ptrdiff_t tap, float *out,
                                        ptrdiff_t stride, int32_t count) {
  while (count > 0) {
    const int32_t parts = (count + 5) / 6, part = (count + parts - 1) / parts;
#define EI_VECTORS(n) \
  ei_depthwise_vectors_f32(p, segments, at, step, bias, weights, tap, out, stride, n)
    switch (part) {
      case 6:
        EI_VECTORS(6);
        break;
      case 5:
        EI_VECTORS(5);
        break;
      case 4:
        EI_VECTORS(4);
        break;
      case 3:
        EI_VECTORS(3);
        break;
      case 2:
        EI_VECTORS(2);
        break;
      default:
        EI_VECTORS(1);
        break;
    }
#undef EI_VECTORS
    at += part * step;
    out += part * stride;
    count -= part;
  }
}

#define EI_HAVE_DEPTHWISE_STRIP_F32 1
static inline void ei_depthwise_strip_f32(const ei_conv_params *p, const char *const *segments,
                                          int32_t pixels, int32_t step, char *out) {
  enum { LANES = EI_VECTOR_BYTES / 4 };
  const float *weights = (const float *)p->weights, *bias = (const float *)p->bias;
  float *y = (float *)(void *)out;
  if (p->extra != NULL && p->out_c < LANES && step == 4 * p->out_c) {
    /* Several pixels lie in a vector: bias and weights come over and over, 16 each. */
    const float *again = (const float *)p->extra;
    const int32_t total = pixels * p->out_c, whole = total / LANES;
    ei_depthwise_run_f32(p, segments, 0, EI_VECTOR_BYTES, again, again + 16, 16, y, LANES, whole);
    if (whole * LANES < total) {
      float last[LANES];
      ei_depthwise_run_f32(p, segments, (ptrdiff_t)whole * EI_VECTOR_BYTES, 0, again, again + 16,
                           16, last, 0, 1);
      memcpy(y + whole * LANES, last, (size_t)(total - whole * LANES) * sizeof *y);
    }
    return;
  }
  for (int32_t o = 0; o < p->out_c; o += LANES) {
    if (p->out_c - o >= LANES) {
      ei_depthwise_run_f32(p, segments, 4 * (ptrdiff_t)o, step, bias + o, weights + o, p->out_c,
                           y + o, p->out_c, pixels);
      continue;
    }
    /* Where few channels are left, one by one. */
    for (int32_t i = 0; i < pixels; i++)
      for (int32_t j = o; j < p->out_c; j++) {
        float sum = bias[j];
        for (int32_t s = 0; s < p->segments; s++) {
          float x;
          memcpy(&x, segments[s] + (ptrdiff_t)i * step + 4 * j, 4);
          sum = __builtin_fmaf(x, weights[(ptrdiff_t)s * p->out_c + j], sum);
        }
        sum = sum < p->low_f ? p->low_f : sum;
        y[(ptrdiff_t)i * p->out_c + j] = sum > p->high_f ? p->high_f : sum;
      }
  }
}

#undef EI_ROW_COLS
#undef EI_ROW_TILE
#undef EI_CAT
#undef EI_CAT2

#endif
