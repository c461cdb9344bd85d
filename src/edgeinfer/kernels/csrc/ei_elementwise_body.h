/* Elementwise kernels of one floating type; included once per type. */
#include "ei_float_begin.h"

EI_API ei_status EI_F(ei_check_finite)(const void *params, const ei_io *io) {
  const ei_check_params *p = (const ei_check_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  /* One comparison finds NaN as well, and no step waits for the one before it. */
  const EI_T limit = EI_F(EI_LIMIT)(p->float32);
  int32_t bad = 0;
  for (ptrdiff_t i = 0; i < total; i++) bad |= !(EI_M(fabs)(x[i]) <= limit);
  if (!bad) return EI_OK;
  for (ptrdiff_t i = 0; i < total; i++)
    if (isinf(x[i]) || (p->float32 && isinf((float)x[i]))) return EI_INF;
  return p->allow_nan ? EI_OK : EI_NAN;
}

/* What division rounded down leaves, of the divisor's sign; a zero has that sign as well. */
EI_API EI_T EI_F(ei_modulo)(EI_T a, EI_T b) {
  const EI_T rest = EI_M(fmod)(a, b);
  if (rest == 0) return EI_M(copysign)(0, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}

/* Two operands: name_const has one constant per feature, name takes two tensors. */
#define EI_NAME     add
#define EI_OF(x, c) ((x) + (c))
#include "ei_binary_body.h"
#define EI_NAME     sub
#define EI_OF(x, c) ((x) - (c))
#include "ei_binary_body.h"
#define EI_NAME     mul
#define EI_OF(x, c) ((x) * (c))
#include "ei_binary_body.h"
#define EI_NAME     div
#define EI_OF(x, c) ((x) / (c))
#include "ei_binary_body.h"
#define EI_NAME     max
#define EI_OF(x, c) (EI_F(ei_larger)(x, c))
#include "ei_binary_body.h"
#define EI_NAME     min
#define EI_OF(x, c) (EI_F(ei_smaller)(x, c))
#include "ei_binary_body.h"
#define EI_NAME     pow
#define EI_OF(x, c) (EI_M(pow)(x, c))
#include "ei_binary_body.h"
#define EI_NAME     mod
#define EI_OF(x, c) (EI_F(ei_modulo)(x, c))
#include "ei_binary_body.h"
#define EI_NAME     atan2
#define EI_OF(x, c) (EI_M(atan2)(x, c))
#include "ei_binary_body.h"
#define EI_NAME     gt
#define EI_OF(x, c) ((EI_T)((x) > (c)))
#include "ei_binary_body.h"
#define EI_NAME     eq
#define EI_OF(x, c) ((EI_T)((x) == (c)))
#include "ei_binary_body.h"

/* One operand. */
#define EI_NAME  exp
#define EI_OF(x) (EI_M(exp)(x))
#include "ei_unary_body.h"
#define EI_NAME  exp2
#define EI_OF(x) (EI_M(exp2)(x))
#include "ei_unary_body.h"
#define EI_NAME  log
#define EI_OF(x) (EI_M(log)(x))
#include "ei_unary_body.h"
#define EI_NAME  tanh
#define EI_OF(x) (EI_F(ei_tangent)(x))
#include "ei_unary_body.h"
#define EI_NAME  logistic
#define EI_OF(x) (EI_F(ei_sigmoid)(x))
#include "ei_unary_body.h"
#define EI_NAME  relu
#define EI_OF(x) (EI_F(ei_larger)(x, 0))
#include "ei_unary_body.h"
#define EI_NAME  sqrt
#define EI_OF(x) (EI_M(sqrt)(x))
#include "ei_unary_body.h"
#define EI_NAME  neg
#define EI_OF(x) (-(x))
#include "ei_unary_body.h"
#define EI_NAME  abs
#define EI_OF(x) (EI_M(fabs)(x))
#include "ei_unary_body.h"
#define EI_NAME  log1p
#define EI_OF(x) (EI_M(log1p)(x))
#include "ei_unary_body.h"
#define EI_NAME  expm1
#define EI_OF(x) (EI_M(expm1)(x))
#include "ei_unary_body.h"
#define EI_NAME  floor
#define EI_OF(x) (EI_M(floor)(x))
#include "ei_unary_body.h"
#define EI_NAME  ceil
#define EI_OF(x) (EI_M(ceil)(x))
#include "ei_unary_body.h"
#define EI_NAME  rint
#define EI_OF(x) (EI_M(rint)(x))
#include "ei_unary_body.h"
#define EI_NAME  sign
#define EI_OF(x) (isnan(x) ? (x) : (EI_T)(((x) > 0) - ((x) < 0)))
#include "ei_unary_body.h"
#define EI_NAME  sin
#define EI_OF(x) (EI_M(sin)(x))
#include "ei_unary_body.h"
#define EI_NAME  cos
#define EI_OF(x) (EI_M(cos)(x))
#include "ei_unary_body.h"
#define EI_NAME  erf
#define EI_OF(x) (EI_M(erf)(x))
#include "ei_unary_body.h"
#define EI_NAME  isnan
#define EI_OF(x) ((EI_T)(isnan(x) != 0))
#include "ei_unary_body.h"
#define EI_NAME  ident
#define EI_OF(x) ((x))
#include "ei_unary_body.h"

/* 1 - x beside each x. */
EI_API ei_status EI_F(ei_complement)(const void *params, const ei_io *io) {
  const ei_unary_params *p = (const ei_unary_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) {
    y[2 * i] = 1 - x[i];
    y[2 * i + 1] = x[i];
  }
  return EI_OK;
}

/* The same of the logistic function; in float32 its complement from -x, which keeps its digits, and
 * 0 where in float64 the function is 1. */
EI_API ei_status EI_F(ei_logistic_pair)(const void *params, const ei_io *io) {
  const ei_unary_params *p = (const ei_unary_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) {
    const EI_T value = EI_F(ei_sigmoid)(x[i]);
#if EI_FLOAT_BITS == 64
    y[2 * i] = 1 - value;
#else
    y[2 * i] = x[i] > 36.7368f ? 0 : ei_sigmoid_f32(-x[i]);
#endif
    y[2 * i + 1] = value;
  }
  return EI_OK;
}

EI_API ei_status EI_F(ei_clip)(const void *params, const ei_io *io) {
  const ei_clip_params *p = (const ei_clip_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  const EI_T low = (EI_T)p->low, high = (EI_T)p->high;
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) y[i] = x[i] < low ? low : (x[i] > high ? high : x[i]);
  return EI_OK;
}

EI_API ei_status EI_F(ei_impute)(const void *params, const ei_io *io) {
  const ei_impute_params *p = (const ei_impute_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  const EI_T *fill = (const EI_T *)p->fill;
  EI_T *y = (EI_T *)io->out[0];
  const EI_T missing = (EI_T)p->missing;
  const int any_nan = isnan(p->missing);
  for (int32_t r = 0; r < io->rows; r++, x += p->n, y += p->n)
    for (int32_t i = 0; i < p->n; i++)
      y[i] = (any_nan ? isnan(x[i]) : x[i] == missing) ? fill[i] : x[i];
  return EI_OK;
}

EI_API ei_status EI_F(ei_sign_index)(const void *params, const ei_io *io) {
  const ei_sign_params *p = (const ei_sign_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  int64_t *y = (int64_t *)io->out[0];
  const EI_T t = (EI_T)p->threshold;
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) y[i] = p->inclusive ? x[i] >= t : x[i] > t;
  return EI_OK;
}

#include "ei_float_end.h"
