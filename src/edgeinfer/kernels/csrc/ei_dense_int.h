/* Matrix product of integers with bias, rescaled to integers (see ei_fixed.h)
 * or to float32.
 *
 * Weights lie in panels of EI_LANES outputs, and within a panel in groups of as
 * many consecutive inputs as make 32 bits: (panels, groups, EI_LANES, group).
 * Rows are copied to scratch, padded to whole groups; int8 inputs become
 * unsigned there, q + 128, whose share of the sum, 128 * sum(w), the bias has
 * lost beforehand. No sum of any input leaves its accumulator: DenseInt.infer
 * sees to it. */
#ifndef EI_DENSE_INT_H
#define EI_DENSE_INT_H

#include <string.h>

#include "ei_dense_int_params.h"
#include "ei_fixed.h"

/* Primitives: the sums of `rows` rows (at most EI_INT_ROWS) with `panels`
 * panels (at most EI_INT_PANELS), acc[row][EI_INT_PANELS * EI_LANES]. An
 * instruction set may have its own. */
#ifndef EI_INT_PANELS
#define EI_INT_PANELS 1
#endif
#define EI_INT_STRIDE (EI_INT_PANELS * EI_LANES)

#ifndef EI_HAVE_DOT_I8
EI_API void ei_dot_i8(const uint8_t *x, ptrdiff_t stride, int32_t rows, const int8_t *weights,
                      int32_t groups, int32_t panels, const int32_t *bias, int32_t *acc) {
  for (int32_t r = 0; r < rows; r++, x += stride, acc += EI_INT_STRIDE)
    for (int32_t p = 0; p < panels; p++) {
      const int8_t *w = weights + (ptrdiff_t)p * groups * EI_LANES * 4;
      int32_t sum[EI_LANES];
      memcpy(sum, bias + p * EI_LANES, sizeof sum);
      for (int32_t g = 0; g < groups; g++)
        for (int32_t j = 0; j < EI_LANES; j++)
          for (int32_t k = 0; k < 4; k++)
            sum[j] += (int32_t)x[4 * g + k] * w[(g * EI_LANES + j) * 4 + k];
      memcpy(acc + p * EI_LANES, sum, sizeof sum);
    }
}
#endif

#ifndef EI_HAVE_DOT_I16W8
EI_API void ei_dot_i16w8(const int16_t *x, ptrdiff_t stride, int32_t rows, const int8_t *weights,
                         int32_t groups, int32_t panels, const int64_t *bias, int64_t *acc) {
  for (int32_t r = 0; r < rows; r++, x += stride, acc += EI_INT_STRIDE)
    for (int32_t p = 0; p < panels; p++) {
      const int8_t *w = weights + (ptrdiff_t)p * groups * EI_LANES * 2;
      int64_t *to = acc + p * EI_LANES;
      memcpy(to, bias + p * EI_LANES, EI_LANES * sizeof *to);
      for (int32_t first = 0; first < groups; first += EI_WIDE_CHUNK) {
        const int32_t last = groups - first < EI_WIDE_CHUNK ? groups : first + EI_WIDE_CHUNK;
        int32_t sum[EI_LANES] = {0};
        for (int32_t g = first; g < last; g++)
          for (int32_t j = 0; j < EI_LANES; j++)
            for (int32_t k = 0; k < 2; k++)
              sum[j] += (int32_t)x[2 * g + k] * w[(g * EI_LANES + j) * 2 + k];
        for (int32_t j = 0; j < EI_LANES; j++) to[j] += sum[j];
      }
    }
}
#endif

#ifndef EI_HAVE_DOT_I16W16
EI_API void ei_dot_i16w16(const int16_t *x, ptrdiff_t stride, int32_t rows, const int16_t *weights,
                          int32_t groups, int32_t panels, const int64_t *bias, int64_t *acc) {
  for (int32_t r = 0; r < rows; r++, x += stride, acc += EI_INT_STRIDE)
    for (int32_t p = 0; p < panels; p++) {
      const int16_t *w = weights + (ptrdiff_t)p * groups * EI_LANES * 2;
      int64_t *to = acc + p * EI_LANES;
      memcpy(to, bias + p * EI_LANES, EI_LANES * sizeof *to);
      for (int32_t g = 0; g < groups; g++)
        for (int32_t j = 0; j < EI_LANES; j++) {
          /* Two products, weights above -32768: they fit in 32 bits. */
          const int16_t *pair = w + (g * EI_LANES + j) * 2;
          to[j] += (int32_t)x[2 * g] * pair[0] + (int32_t)x[2 * g + 1] * pair[1];
        }
    }
}
#endif

/* The sums of some rows with some panels, a row EI_INT_STRIDE long, become
 * outputs, `width` of them from `first` on; p->n_out lie between the outputs of
 * two rows. Integers are rescaled in an array of their own, so that compilers
 * see what may be a vector. */
#ifndef EI_HAVE_FINISH_I8
EI_API void ei_finish_i8(const ei_dense_int_params *p, int32_t first, int32_t width, int32_t rows,
                         const int32_t *acc, int8_t *y) {
  const int32_t *multiplier = p->multiplier + first, *shift = p->shift + first;
  const int32_t *zero = p->zero + first;
  const int32_t low = p->low, high = p->high;
  for (int32_t r = 0; r < rows; r++, acc += EI_INT_STRIDE, y += p->n_out) {
    int32_t scaled[EI_INT_STRIDE];
    for (int32_t j = 0; j < width; j++)
      scaled[j] =
          ei_output_i32(ei_rescale_i32(acc[j], multiplier[j], shift[j]), zero[j], low, high);
    for (int32_t j = 0; j < width; j++) y[j] = (int8_t)scaled[j];
  }
}
#endif

#ifndef EI_HAVE_RESCALE_SUMS_I64
EI_API void ei_rescale_sums_i64(const int64_t *sums, const int32_t *multiplier,
                                const int32_t *shift, int32_t width, int32_t *scaled) {
  for (int32_t j = 0; j < width; j++) scaled[j] = ei_rescale_i64(sums[j], multiplier[j], shift[j]);
}
#endif

EI_API void ei_finish_i16(const ei_dense_int_params *p, int32_t first, int32_t width, int32_t rows,
                          const int64_t *acc, int16_t *y) {
  const int32_t *multiplier = p->multiplier + first, *shift = p->shift + first;
  const int32_t *zero = p->zero + first;
  const int32_t low = p->low, high = p->high;
  for (int32_t r = 0; r < rows; r++, acc += EI_INT_STRIDE, y += p->n_out) {
    int32_t scaled[EI_INT_STRIDE];
    if (p->sum32)
      for (int32_t j = 0; j < width; j++)
        scaled[j] = ei_rescale_i32((int32_t)acc[j], multiplier[j], shift[j]);
    else
      ei_rescale_sums_i64(acc, multiplier, shift, width, scaled);
    for (int32_t j = 0; j < width; j++)
      y[j] = (int16_t)ei_output_i32(scaled[j], zero[j], low, high);
  }
}

EI_API void ei_finish_i8_f32(const ei_dense_int_params *p, int32_t first, int32_t width,
                             int32_t rows, const int32_t *acc, float *y) {
  const float *scale = p->scale + first, *offset = p->offset + first;
  for (int32_t r = 0; r < rows; r++, acc += EI_INT_STRIDE, y += p->n_out)
    for (int32_t j = 0; j < width; j++) y[j] = (float)acc[j] * scale[j] + offset[j];
}

EI_API void ei_finish_i16_f32(const ei_dense_int_params *p, int32_t first, int32_t width,
                              int32_t rows, const int64_t *acc, float *y) {
  const float *scale = p->scale + first, *offset = p->offset + first;
  for (int32_t r = 0; r < rows; r++, acc += EI_INT_STRIDE, y += p->n_out)
    for (int32_t j = 0; j < width; j++) y[j] = (float)acc[j] * scale[j] + offset[j];
}

/* The sums themselves. */
EI_API void ei_finish_i32(const ei_dense_int_params *p, int32_t first, int32_t width, int32_t rows,
                          const int32_t *acc, int32_t *y) {
  (void)first;
  for (int32_t r = 0; r < rows; r++, acc += EI_INT_STRIDE, y += p->n_out)
    memcpy(y, acc, (size_t)width * sizeof *y);
}

EI_API void ei_finish_i64(const ei_dense_int_params *p, int32_t first, int32_t width, int32_t rows,
                          const int64_t *acc, int64_t *y) {
  (void)first;
  for (int32_t r = 0; r < rows; r++, acc += EI_INT_STRIDE, y += p->n_out)
    memcpy(y, acc, (size_t)width * sizeof *y);
}

/* What a set computes in a way of its own, all rows at once: the first so many
 * outputs, whole panels. The others follow in the common way. */
#ifndef EI_HAVE_WIDE_I8
EI_API int32_t ei_wide_i8(const ei_dense_int_params *p, const int8_t *x, ptrdiff_t runs,
                          int8_t *y) {
  (void)p;
  (void)x;
  (void)runs;
  (void)y;
  return 0;
}
#endif

/* Rows of n values as rows of `stride` values, the rest zero (as no weight is
 * there to see). */
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

#define EI_NOT_WIDE(p, x, runs, y) 0

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
#define EI_WIDE   ei_wide_i8
#define EI_Y      int8_t
#include "ei_dense_int_body.h"
#define EI_KIND   i8_f32
#define EI_FINISH ei_finish_i8_f32
#define EI_WIDE   EI_NOT_WIDE
#define EI_Y      float
#include "ei_dense_int_body.h"
#define EI_KIND   i8_i32
#define EI_FINISH ei_finish_i32
#define EI_WIDE   EI_NOT_WIDE
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
#define EI_WIDE   EI_NOT_WIDE
#define EI_Y      int16_t
#include "ei_dense_int_body.h"
#define EI_KIND   i16w8_f32
#define EI_FINISH ei_finish_i16_f32
#define EI_WIDE   EI_NOT_WIDE
#define EI_Y      float
#include "ei_dense_int_body.h"
#define EI_KIND   i16w8_i64
#define EI_FINISH ei_finish_i64
#define EI_WIDE   EI_NOT_WIDE
#define EI_Y      int64_t
#include "ei_dense_int_body.h"
#undef EI_W
#undef EI_DOT
#define EI_W      int16_t
#define EI_DOT    ei_dot_i16w16
#define EI_KIND   i16w16
#define EI_FINISH ei_finish_i16
#define EI_WIDE   EI_NOT_WIDE
#define EI_Y      int16_t
#include "ei_dense_int_body.h"
#define EI_KIND   i16w16_f32
#define EI_FINISH ei_finish_i16_f32
#define EI_WIDE   EI_NOT_WIDE
#define EI_Y      float
#include "ei_dense_int_body.h"
#define EI_KIND   i16w16_i64
#define EI_FINISH ei_finish_i64
#define EI_WIDE   EI_NOT_WIDE
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
