/* Between floating values and integers, as TensorFlow Lite Micro's AffineQuantize and Dequantize
 * have it: divide, round half away from zero, add the zero point, clamp. */
#ifndef EI_QUANTIZE_H
#define EI_QUANTIZE_H

#include "ei_types.h"

typedef struct {
  const void *offset;  /* n values of x's type, subtracted first */
  const void *step;    /* n values of x's type */
  const int32_t *zero; /* n zero points */
  int32_t n;
  int32_t repeat; /* a row is `repeat` runs of n values */
} ei_quantize_params;

typedef struct {
  const float *scale;
  const int32_t *zero;
  int32_t n;
  int32_t repeat;
} ei_dequantize_params;

/* The largest number below 1/2: x + that, truncated, is x rounded half away from zero; adding 1/2
 * itself would round the largest number below 1/2 up. */
#define EI_HALF_f64 0.49999999999999994
#define EI_HALF_f32 0.49999997f

#define EI_QUANTIZE_CHUNK 64

#define EI_INT_BITS   8
#define EI_FLOAT_BITS 32
#include "ei_quantize_body.h"
#define EI_FLOAT_BITS 64
#include "ei_quantize_body.h"
#undef EI_INT_BITS
#define EI_INT_BITS   16
#define EI_FLOAT_BITS 32
#include "ei_quantize_body.h"
#define EI_FLOAT_BITS 64
#include "ei_quantize_body.h"
#undef EI_INT_BITS

EI_API ei_status ei_dequantize_i8(const void *params, const ei_io *io) {
  const ei_dequantize_params *p = (const ei_dequantize_params *)params;
  const int8_t *x = (const int8_t *)io->in[0];
  float *y = (float *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n, y += p->n)
    for (int32_t i = 0; i < p->n; i++) y[i] = (float)(x[i] - p->zero[i]) * p->scale[i];
  return EI_OK;
}

EI_API ei_status ei_dequantize_i16(const void *params, const ei_io *io) {
  const ei_dequantize_params *p = (const ei_dequantize_params *)params;
  const int16_t *x = (const int16_t *)io->in[0];
  float *y = (float *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n, y += p->n)
    for (int32_t i = 0; i < p->n; i++) y[i] = (float)(x[i] - p->zero[i]) * p->scale[i];
  return EI_OK;
}

#endif
