/* Integer functions by table: any function of a byte, and softmax of int8. */
#ifndef EI_LOOKUP_H
#define EI_LOOKUP_H

#include "ei_fixed.h"

typedef struct {
  const void *table; /* 256 bytes */
  int32_t n;
} ei_table_params;

typedef struct {
  const int16_t *table; /* 2^(16 - bits) + 1 entries */
  int32_t n;
  int32_t bits;
} ei_table_16_params;

typedef struct {
  const int32_t *exps; /* exp(-d / scale) for d = 0 .. 255, 31 bits after the point */
  int32_t n;
  int32_t repeat;
} ei_softmax_i8_params;

EI_API ei_status ei_table_8(const void *params, const ei_io *io) {
  const ei_table_params *p = (const ei_table_params *)params;
  const uint8_t *x = (const uint8_t *)io->in[0];
  const uint8_t *table = (const uint8_t *)p->table;
  uint8_t *y = (uint8_t *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) y[i] = table[x[i]];
  return EI_OK;
}

EI_API ei_status ei_table_16(const void *params, const ei_io *io) {
  const ei_table_16_params *p = (const ei_table_16_params *)params;
  const int16_t *x = (const int16_t *)io->in[0];
  int16_t *y = (int16_t *)io->out[0];
  const int32_t bits = p->bits, half = 1 << (bits - 1);
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) {
    const int32_t moved = x[i] + 32768;
    const int16_t *entry = p->table + (moved >> bits);
    const int32_t slope = entry[1] - entry[0];
    y[i] = (int16_t)(entry[0] + ((slope * (moved & (2 * half - 1)) + half) >> bits));
  }
  return EI_OK;
}

/* 1 / (1 + x) for 0 <= x < 1, both with 31 bits after the point: three steps of Newton's division,
 * in 29 bits after the point. */
EI_API int32_t ei_newton_reciprocal(int32_t x) {
  const int32_t half = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
  int32_t y = 1515870810 + ei_high_mul(half, -1010580540);
  for (int i = 0; i < 3; i++) {
    const int32_t error = ((int32_t)1 << 29) - ei_high_mul(half, y);
    const int64_t step = (int64_t)ei_high_mul(y, error) * 4;
    y += (int32_t)(step > INT32_MAX ? INT32_MAX : (step < INT32_MIN ? INT32_MIN : step));
  }
  const int64_t twice = (int64_t)y * 2;
  return (int32_t)(twice > INT32_MAX ? INT32_MAX : twice);
}

EI_API int32_t ei_leading_zeros(uint32_t x) {
  int32_t zeros = 0;
  for (uint32_t bit = (uint32_t)1 << 31; bit != 0 && !(x & bit); bit >>= 1) zeros++;
  return zeros;
}

/* n < 4096 values a run, so that the sum, 19 bits after the point, stays below 2^31. */
EI_API ei_status ei_softmax_i8(const void *params, const ei_io *io) {
  const ei_softmax_i8_params *p = (const ei_softmax_i8_params *)params;
  const int8_t *x = (const int8_t *)io->in[0];
  int8_t *y = (int8_t *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n, y += p->n) {
    int32_t peak = x[0];
    for (int32_t i = 1; i < p->n; i++) peak = x[i] > peak ? x[i] : peak;
    int32_t sum = 0;
    for (int32_t i = 0; i < p->n; i++) sum += ei_divide_by_pot(p->exps[peak - x[i]], 12);
    const int32_t zeros = ei_leading_zeros((uint32_t)sum);
    const int32_t fraction = (int32_t)(((uint32_t)sum << zeros) - ((uint32_t)1 << 31));
    const int32_t scale = ei_newton_reciprocal(fraction);
    const int32_t exponent = 12 - zeros + 31 - 8;
    for (int32_t i = 0; i < p->n; i++) {
      const int32_t value = ei_divide_by_pot(ei_high_mul(scale, p->exps[peak - x[i]]), exponent);
      y[i] = (int8_t)ei_clamp_i32(value - 128, INT8_MIN, INT8_MAX);
    }
  }
  return EI_OK;
}

#endif
