/* Elementwise kernels: guards, arithmetic with constants and tensors, functions. */
#ifndef EI_ELEMENTWISE_H
#define EI_ELEMENTWISE_H

#include <float.h>

#include "ei_math.h"
#include "ei_types.h"

typedef struct {
  int32_t n;
  int32_t allow_nan;
  int32_t float32; /* refuse what float32 cannot hold as well */
} ei_check_params;

typedef struct {
  const void *constant; /* n values */
  int32_t n;
  int32_t repeat; /* a row is `repeat` runs of n values */
} ei_binary_const_params;

typedef struct {
  int32_t n;
  int32_t n_b; /* n, or 1: one value of b for a whole row of a */
} ei_binary_params;

typedef struct {
  double low;
  double high;
  int32_t n;
} ei_clip_params;

typedef struct {
  const void *fill; /* n values */
  double missing;   /* NaN: every NaN is missing */
  int32_t n;
} ei_impute_params;

typedef struct {
  int32_t n;
} ei_unary_params;

typedef struct {
  double threshold;
  int32_t n;
  int32_t inclusive;
} ei_sign_params;

/* The largest value a check lets pass: the largest there is, or that rounds to a float32. */
#define EI_LIMIT_f64(narrow) ((narrow) ? 3.4028235677973362e38 : DBL_MAX)
#define EI_LIMIT_f32(narrow) ((void)(narrow), FLT_MAX)

#define EI_FLOAT_BITS 64
#include "ei_elementwise_body.h"
#define EI_FLOAT_BITS 32
#include "ei_elementwise_body.h"

EI_API ei_status ei_cast_f64_f32(const void *params, const ei_io *io) {
  const ei_unary_params *p = (const ei_unary_params *)params;
  const double *x = (const double *)io->in[0];
  float *y = (float *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) y[i] = (float)x[i];
  return EI_OK;
}

EI_API ei_status ei_cast_f32_f64(const void *params, const ei_io *io) {
  const ei_unary_params *p = (const ei_unary_params *)params;
  const float *x = (const float *)io->in[0];
  double *y = (double *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) y[i] = (double)x[i];
  return EI_OK;
}

EI_API ei_status ei_cast_i64_f64(const void *params, const ei_io *io) {
  const ei_unary_params *p = (const ei_unary_params *)params;
  const int64_t *x = (const int64_t *)io->in[0];
  double *y = (double *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) y[i] = (double)x[i];
  return EI_OK;
}

#endif
