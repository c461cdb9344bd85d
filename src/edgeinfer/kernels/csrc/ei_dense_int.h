/* Matrix product of integers with bias, rescaled to integers (see ei_fixed.h) or to float32.
 *
 * Weights lie in panels of EI_LANES outputs, and within a panel in groups of as many consecutive
 * inputs as make 32 bits: (panels, groups, EI_LANES, group). Rows are copied to scratch, padded to
 * whole groups; int8 inputs become unsigned there, q + 128, whose share of the sum, 128 * sum(w),
 * the bias has lost beforehand. No sum of any input leaves its accumulator: DenseInt.infer sees to
 * it. */
#ifndef EI_DENSE_INT_H
#define EI_DENSE_INT_H

#include <string.h>

#include "ei_fixed.h"
#include "ei_types.h"

#define EI_LANES      16
#define EI_INT_ROWS   8
#define EI_WIDE_CHUNK 128 /* groups of two products of int16 and int8 that an int32 holds */

typedef struct {
  const void *weights;
  const void *bias;          /* (panels, EI_LANES) sums to start from, int32 or int64 */
  const int32_t *multiplier; /* (panels, EI_LANES); these four for integer outputs */
  const int32_t *shift;
  const int32_t *zero;
  const float *scale; /* these two for float outputs: sum * scale + offset */
  const float *offset;
  int32_t n_in;
  int32_t n_out;
  int32_t repeat; /* a row is `repeat` runs of n_in values */
  int32_t low;    /* clamp of integer outputs */
  int32_t high;
  int32_t sum32; /* rescale 64-bit sums as the 32-bit numbers they are */
} ei_dense_int_params;

/* Primitives: the sums of `rows` rows (at most EI_INT_ROWS) with one panel, acc[row][EI_LANES].
 * An instruction set may have its own. */
#ifndef EI_HAVE_DOT_I8
EI_API void ei_dot_i8(const uint8_t *x, ptrdiff_t stride, int32_t rows, const int8_t *w,
                      int32_t groups, const int32_t *bias, int32_t *acc) {
  for (int32_t r = 0; r < rows; r++, x += stride, acc += EI_LANES) {
    int32_t sum[EI_LANES];
    memcpy(sum, bias, sizeof sum);
    for (int32_t g = 0; g < groups; g++)
      for (int32_t j = 0; j < EI_LANES; j++)
        for (int32_t k = 0; k < 4; k++)
          sum[j] += (int32_t)x[4 * g + k] * w[(g * EI_LANES + j) * 4 + k];
    memcpy(acc, sum, sizeof sum);
  }
}
#endif

#ifndef EI_HAVE_DOT_I16W8
EI_API void ei_dot_i16w8(const int16_t *x, ptrdiff_t stride, int32_t rows, const int8_t *w,
                         int32_t groups, const int64_t *bias, int64_t *acc) {
  for (int32_t r = 0; r < rows; r++, x += stride, acc += EI_LANES) {
    memcpy(acc, bias, EI_LANES * sizeof *acc);
    for (int32_t first = 0; first < groups; first += EI_WIDE_CHUNK) {
      const int32_t last = groups - first < EI_WIDE_CHUNK ? groups : first + EI_WIDE_CHUNK;
      int32_t sum[EI_LANES] = {0};
      for (int32_t g = first; g < last; g++)
        for (int32_t j = 0; j < EI_LANES; j++)
          for (int32_t k = 0; k < 2; k++)
            sum[j] += (int32_t)x[2 * g + k] * w[(g * EI_LANES + j) * 2 + k];
      for (int32_t j = 0; j < EI_LANES; j++) acc[j] += sum[j];
    }
  }
}
#endif

#ifndef EI_HAVE_DOT_I16W16
EI_API void ei_dot_i16w16(const int16_t *x, ptrdiff_t stride, int32_t rows, const int16_t *w,
                          int32_t groups, const int64_t *bias, int64_t *acc) {
  for (int32_t r = 0; r < rows; r++, x += stride, acc += EI_LANES) {
    memcpy(acc, bias, EI_LANES * sizeof *acc);
    for (int32_t g = 0; g < groups; g++)
      for (int32_t j = 0; j < EI_LANES; j++) {
        /* Two products, weights above -32768: they fit in 32 bits. */
        const int16_t *pair = w + (g * EI_LANES + j) * 2;
        acc[j] += (int32_t)x[2 * g] * pair[0] + (int32_t)x[2 * g + 1] * pair[1];
      }
  }
}
#endif

/* One panel of one row becomes outputs; `width` of its EI_LANES sums are there. */
#ifndef EI_HAVE_FINISH_I8
EI_API void ei_finish_i8(const ei_dense_int_params *p, int32_t first, int32_t width,
                         const int32_t *acc, int8_t *y) {
  for (int32_t j = 0; j < width; j++) {
    const int32_t value = ei_rescale_i32(acc[j], p->multiplier[first + j], p->shift[first + j]);
    const int64_t moved = (int64_t)value + p->zero[first + j];
    y[j] = (int8_t)(moved < p->low ? p->low : (moved > p->high ? p->high : moved));
  }
}
#endif

EI_API void ei_finish_i16(const ei_dense_int_params *p, int32_t first, int32_t width,
                          const int64_t *acc, int16_t *y) {
  for (int32_t j = 0; j < width; j++) {
    const int32_t multiplier = p->multiplier[first + j], shift = p->shift[first + j];
    const int32_t value = p->sum32 ? ei_rescale_i32((int32_t)acc[j], multiplier, shift)
                                   : ei_rescale_i64(acc[j], multiplier, shift);
    const int64_t moved = (int64_t)value + p->zero[first + j];
    y[j] = (int16_t)(moved < p->low ? p->low : (moved > p->high ? p->high : moved));
  }
}

EI_API void ei_finish_i8_f32(const ei_dense_int_params *p, int32_t first, int32_t width,
                             const int32_t *acc, float *y) {
  for (int32_t j = 0; j < width; j++)
    y[j] = (float)acc[j] * p->scale[first + j] + p->offset[first + j];
}

EI_API void ei_finish_i16_f32(const ei_dense_int_params *p, int32_t first, int32_t width,
                              const int64_t *acc, float *y) {
  for (int32_t j = 0; j < width; j++)
    y[j] = (float)acc[j] * p->scale[first + j] + p->offset[first + j];
}

/* The sums themselves. */
EI_API void ei_finish_i32(const ei_dense_int_params *p, int32_t first, int32_t width,
                          const int32_t *acc, int32_t *y) {
  (void)p;
  (void)first;
  memcpy(y, acc, (size_t)width * sizeof *y);
}

EI_API void ei_finish_i64(const ei_dense_int_params *p, int32_t first, int32_t width,
                          const int64_t *acc, int64_t *y) {
  (void)p;
  (void)first;
  memcpy(y, acc, (size_t)width * sizeof *y);
}

/* Rows of n values as rows of `stride` values, the rest zero (as no weight is there to see). */
EI_API void ei_stage_i8(const int8_t *x, int32_t rows, int32_t n, ptrdiff_t stride, uint8_t *to) {
  for (int32_t r = 0; r < rows; r++, x += n, to += stride) {
    for (int32_t i = 0; i < n; i++) to[i] = (uint8_t)((uint8_t)x[i] ^ 0x80u);
    for (ptrdiff_t i = n; i < stride; i++) to[i] = 0;
  }
}

EI_API void ei_stage_i16(const int16_t *x, int32_t rows, int32_t n, ptrdiff_t stride, int16_t *to) {
  for (int32_t r = 0; r < rows; r++, x += n, to += stride) {
    memcpy(to, x, (size_t)n * sizeof *x);
    for (ptrdiff_t i = n; i < stride; i++) to[i] = 0;
  }
}

/* The kernels: EI_KIND names the types, EI_Y the output. */
#define EI_KIND   i8
#define EI_X      int8_t
#define EI_STAGED uint8_t
#define EI_W      int8_t
#define EI_ACC    int32_t
#define EI_GROUP  4
#define EI_STAGE  ei_stage_i8
#define EI_DOT    ei_dot_i8
#define EI_FINISH ei_finish_i8
#define EI_Y      int8_t
#include "ei_dense_int_body.h"
#define EI_KIND   i8_f32
#define EI_FINISH ei_finish_i8_f32
#define EI_Y      float
#include "ei_dense_int_body.h"
#define EI_KIND   i8_i32
#define EI_FINISH ei_finish_i32
#define EI_Y      int32_t
#include "ei_dense_int_body.h"
#undef EI_X
#undef EI_STAGED
#undef EI_W
#undef EI_ACC
#undef EI_GROUP
#undef EI_STAGE
#undef EI_DOT

#define EI_X      int16_t
#define EI_STAGED int16_t
#define EI_W      int8_t
#define EI_ACC    int64_t
#define EI_GROUP  2
#define EI_STAGE  ei_stage_i16
#define EI_DOT    ei_dot_i16w8
#define EI_KIND   i16w8
#define EI_FINISH ei_finish_i16
#define EI_Y      int16_t
#include "ei_dense_int_body.h"
#define EI_KIND   i16w8_f32
#define EI_FINISH ei_finish_i16_f32
#define EI_Y      float
#include "ei_dense_int_body.h"
#define EI_KIND   i16w8_i64
#define EI_FINISH ei_finish_i64
#define EI_Y      int64_t
#include "ei_dense_int_body.h"
#undef EI_W
#undef EI_DOT
#define EI_W      int16_t
#define EI_DOT    ei_dot_i16w16
#define EI_KIND   i16w16
#define EI_FINISH ei_finish_i16
#define EI_Y      int16_t
#include "ei_dense_int_body.h"
#define EI_KIND   i16w16_f32
#define EI_FINISH ei_finish_i16_f32
#define EI_Y      float
#include "ei_dense_int_body.h"
#define EI_KIND   i16w16_i64
#define EI_FINISH ei_finish_i64
#define EI_Y      int64_t
#include "ei_dense_int_body.h"
#undef EI_X
#undef EI_STAGED
#undef EI_W
#undef EI_ACC
#undef EI_GROUP
#undef EI_STAGE
#undef EI_DOT

#endif
