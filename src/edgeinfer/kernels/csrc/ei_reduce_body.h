/* Reductions of one floating type; included once per type. Sums run in index order. */
#include "ei_float_begin.h"

EI_API EI_T EI_F(ei_peak)(const EI_T *x, int32_t n) {
  EI_T peak = x[0];
  for (int32_t i = 1; i < n; i++) peak = EI_F(ei_larger)(peak, x[i]);
  return peak;
}

EI_API ei_status EI_F(ei_argmax)(const void *params, const ei_io *io) {
  const ei_reduce_params *p = (const ei_reduce_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  int64_t *y = (int64_t *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n) {
    int32_t best = 0;
    for (int32_t i = 1; i < p->n && !isnan(x[best]); i++)
      if (x[i] > x[best] || isnan(x[i])) best = i;
    y[r] = best;
  }
  return EI_OK;
}

EI_API ei_status EI_F(ei_softmax)(const void *params, const ei_io *io) {
  const ei_reduce_params *p = (const ei_reduce_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n, y += p->n) {
    const EI_T peak = EI_F(ei_peak)(x, p->n);
    EI_T sum = 0;
    for (int32_t i = 0; i < p->n; i++) {
      y[i] = EI_M(exp)(x[i] - peak);
      sum += y[i];
    }
    for (int32_t i = 0; i < p->n; i++) y[i] /= sum;
  }
  return EI_OK;
}

EI_API ei_status EI_F(ei_log_softmax)(const void *params, const ei_io *io) {
  const ei_reduce_params *p = (const ei_reduce_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n, y += p->n) {
    const EI_T peak = EI_F(ei_peak)(x, p->n);
    EI_T sum = 0;
    for (int32_t i = 0; i < p->n; i++) sum += EI_M(exp)(x[i] - peak);
    const EI_T log_sum = EI_M(log)(sum);
    for (int32_t i = 0; i < p->n; i++) y[i] = x[i] - peak - log_sum;
  }
  return EI_OK;
}

/* A fold over each run: EI_START, then EI_FOLD(total, x) value by value. */
#define EI_NAME           sum
#define EI_START          0
#define EI_FOLD(total, x) ((total) + (x))
#include "ei_fold_body.h"
#define EI_NAME           prod
#define EI_START          1
#define EI_FOLD(total, x) ((total) * (x))
#include "ei_fold_body.h"
#define EI_NAME           max
#define EI_START          x[0]
#define EI_FOLD(total, x) (EI_F(ei_larger)(total, x))
#include "ei_fold_body.h"
#define EI_NAME           min
#define EI_START          x[0]
#define EI_FOLD(total, x) (EI_F(ei_smaller)(total, x))
#include "ei_fold_body.h"

/* Divided by the norm, EI_FINISH of a fold. */
#define EI_NAME           l1
#define EI_FOLD(total, x) ((total) + EI_M(fabs)(x))
#define EI_FINISH(total)  ((total))
#include "ei_normalize_body.h"
#define EI_NAME           l2
#define EI_FOLD(total, x) ((total) + (x) * (x))
#define EI_FINISH(total)  (EI_M(sqrt)(total))
#include "ei_normalize_body.h"
#define EI_NAME           max
#define EI_FOLD(total, x) (EI_F(ei_larger)(total, EI_M(fabs)(x)))
#define EI_FINISH(total)  ((total))
#include "ei_normalize_body.h"
#define EI_NAME           sum
#define EI_FOLD(total, x) ((total) + (x))
#define EI_FINISH(total)  ((total))
#include "ei_normalize_body.h"

/* Shares of the sum; where it is zero, all the same share. */
EI_API ei_status EI_F(ei_normalize_share)(const void *params, const ei_io *io) {
  const ei_normalize_params *p = (const ei_normalize_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n, y += p->n) {
    EI_T total = 0;
    for (int32_t i = 0; i < p->n; i++) total += x[i];
    for (int32_t i = 0; i < p->n; i++) y[i] = total == 0 ? 1 / (EI_T)p->n : x[i] / total;
  }
  return EI_OK;
}

#include "ei_float_end.h"
