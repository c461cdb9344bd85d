/* Small kernels of networks: reductions of integers, comparisons, choices, matrix products. */
#ifndef EI_NETWORK_H
#define EI_NETWORK_H

#include <string.h>

#include "ei_fixed.h"

typedef struct {
  int32_t outer;
  int32_t n;
  int32_t inner;
  int32_t zero; /* n times the zero point */
  int32_t multiplier;
  int32_t shift;
  int32_t y_zero;
} ei_qreduce_params;

typedef struct {
  int32_t fn; /* eq, ne, lt, le, gt, ge */
  int32_t n;
} ei_compare_params;

typedef struct {
  int32_t bytes;
} ei_choose_params;

typedef struct {
  int32_t batch;
  int32_t m;
  int32_t k;
  int32_t n;
} ei_matmul_params;

#define EI_CAT2(a, b) a##b
#define EI_CAT(a, b)  EI_CAT2(a, b)
#define EI_Q          int8_t
#define EI_Q_(name)   EI_CAT(name, _i8)
#define EI_Q_MIN      INT8_MIN
#define EI_Q_MAX      INT8_MAX
#include "ei_qreduce_body.h"
#define EI_Q        int16_t
#define EI_Q_(name) EI_CAT(name, _i16)
#define EI_Q_MIN    INT16_MIN
#define EI_Q_MAX    INT16_MAX
#include "ei_qreduce_body.h"
#undef EI_CAT2
#undef EI_CAT

EI_API int ei_compare_one(int32_t fn, float a, float b) {
  switch (fn) {
    case 0:
      return a == b;
    case 1:
      return a != b;
    case 2:
      return a < b;
    case 3:
      return a <= b;
    case 4:
      return a > b;
    default:
      return a >= b;
  }
}

EI_API ei_status ei_compare_f32(const void *params, const ei_io *io) {
  const ei_compare_params *p = (const ei_compare_params *)params;
  const float *a = (const float *)io->in[0], *b = (const float *)io->in[1];
  uint8_t *y = (uint8_t *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) y[i] = (uint8_t)ei_compare_one(p->fn, a[i], b[i]);
  return EI_OK;
}

EI_API ei_status ei_choose(const void *params, const ei_io *io) {
  const ei_choose_params *p = (const ei_choose_params *)params;
  const uint8_t *when = (const uint8_t *)io->in[0];
  const size_t bytes = (size_t)p->bytes;
  for (int32_t r = 0; r < io->rows; r++) {
    const char *from = (const char *)io->in[when[r] ? 1 : 2];
    memcpy((char *)io->out[0] + (size_t)r * bytes, from + (size_t)r * bytes, bytes);
  }
  return EI_OK;
}

EI_API ei_status ei_matmul_f32(const void *params, const ei_io *io) {
  const ei_matmul_params *p = (const ei_matmul_params *)params;
  const float *a = (const float *)io->in[0];
  const float *b = (const float *)io->in[1];
  float *y = (float *)io->out[0];
  const ptrdiff_t count = (ptrdiff_t)io->rows * p->batch;
  for (ptrdiff_t i = 0; i < count; i++, b += (ptrdiff_t)p->k * p->n)
    for (int32_t r = 0; r < p->m; r++, a += p->k, y += p->n) {
      for (int32_t j = 0; j < p->n; j++) y[j] = 0;
      for (int32_t k = 0; k < p->k; k++) {
        const float x = a[k];
        const float *row = b + (ptrdiff_t)k * p->n;
        for (int32_t j = 0; j < p->n; j++) y[j] += x * row[j];
      }
    }
  return EI_OK;
}

#endif
