/* Integer functions by table: any function of a byte, and softmax of int8. */
#ifndef EI_LOOKUP_H
#define EI_LOOKUP_H

#include "ei_newton.h"

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

typedef struct {
  const uint16_t *table; /* logistic of i / 24, i = 0 .. 255, 16 bits after the point */
  int32_t multiplier;
  int32_t shift;
  int32_t n;
} ei_sigmoid_i16_params;

typedef struct {
  const int16_t *exps;       /* exp from -10 to 0, 513 entries */
  const int16_t *reciprocal; /* 1 / (1 + x) from 0 to 1, 513 entries */
  int32_t multiplier;
  int32_t shift;
  int32_t n;
  int32_t repeat;
} ei_softmax_i16_params;

typedef struct {
  const int32_t *exps;  /* as of softmax */
  const int32_t *diffs; /* -d / scale, 26 bits after the point */
  int32_t divisor;
  int32_t divisor_shift;
  int32_t diff_min;
  int32_t n;
  int32_t repeat;
} ei_log_softmax_i8_params;

typedef struct {
  int32_t x_zero;
  int32_t n;
  int32_t repeat;
} ei_l2_params;

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

/* |x| in 1/24 with `bits` more bits; the logistic function of it, 16 + bits bits after the point.
 */
EI_API uint32_t ei_sigmoid_magnitude(const uint16_t *table, uint32_t x, int32_t bits) {
  const uint32_t place = x >> bits;
  if (place >= 255) return (bits == 9 ? (uint32_t)0x7FFF << 10 : (uint32_t)0xFFFF << 8);
  const uint32_t low = table[place], high = table[place + 1];
  return (low << bits) + (x & (((uint32_t)1 << bits) - 1)) * (high - low);
}

EI_API int32_t ei_sigmoid_scaled(int32_t x, int32_t multiplier, int32_t shift) {
  const int64_t round = shift > 0 ? (int64_t)1 << (shift - 1) : 0;
  return (int32_t)(((int64_t)x * multiplier + round) >> shift);
}

/* The logistic function of x / 12288, 15 bits after the point. */
EI_API int32_t ei_logistic_16(const uint16_t *table, int32_t x) {
  const uint32_t size = x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
  const uint32_t s = ei_sigmoid_magnitude(table, size, 9);
  return (int32_t)((x >= 0 ? s + 512 : ((uint32_t)1 << 25) - s + 511) >> 10);
}

/* The same of tanh. */
EI_API int32_t ei_tanh_16(const uint16_t *table, int32_t x) {
  const uint32_t size = x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
  const int32_t s = (int32_t)ei_sigmoid_magnitude(table, size, 8), half = (int32_t)1 << 23;
  return (x >= 0 ? s - half + 128 : half - s + 127) >> 8;
}

#define EI_SIGMOID_KERNEL(kernel, one)                                                 \
  EI_API ei_status kernel(const void *params, const ei_io *io) {                       \
    const ei_sigmoid_i16_params *p = (const ei_sigmoid_i16_params *)params;            \
    const int16_t *x = (const int16_t *)io->in[0];                                     \
    int16_t *y = (int16_t *)io->out[0];                                                \
    const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;                                \
    for (ptrdiff_t i = 0; i < total; i++)                                              \
      y[i] = (int16_t)one(p->table, ei_sigmoid_scaled(x[i], p->multiplier, p->shift)); \
    return EI_OK;                                                                      \
  }

EI_SIGMOID_KERNEL(ei_logistic_i16, ei_logistic_16)
EI_SIGMOID_KERNEL(ei_tanh_i16, ei_tanh_16)

#undef EI_SIGMOID_KERNEL

EI_API int32_t ei_table_513(const int16_t *table, int32_t x) {
  const int16_t *entry = table + ((x + 32768) >> 7);
  return (int16_t)(entry[0] + (((int16_t)(entry[1] - entry[0]) * (x & 127) + 64) >> 7));
}

EI_API ei_status ei_softmax_i16(const void *params, const ei_io *io) {
  const ei_softmax_i16_params *p = (const ei_softmax_i16_params *)params;
  const int16_t *x = (const int16_t *)io->in[0];
  int16_t *y = (int16_t *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n, y += p->n) {
    int32_t peak = x[0], sum = 0;
    for (int32_t i = 1; i < p->n; i++) peak = x[i] > peak ? x[i] : peak;
    for (int32_t i = 0; i < p->n; i++) {
      const int32_t scaled = ei_rescale_i32(x[i] - peak, p->multiplier, p->shift);
      const int32_t place = ei_clamp_i32(ei_wrap_add(scaled, 32767), INT16_MIN, INT16_MAX);
      y[i] = (int16_t)ei_table_513(p->exps, place);
      sum += y[i];
    }
    const int32_t zeros = ei_leading_zeros((uint32_t)sum);
    const int32_t whole = (int32_t)(((int64_t)sum * ((int64_t)1 << (zeros - 1)) + 8192) >> 14);
    const int32_t place = ei_clamp_i32(whole - 98304, INT16_MIN, INT16_MAX);
    const int32_t share = ei_table_513(p->reciprocal, place), right = 31 - zeros;
    for (int32_t i = 0; i < p->n; i++) {
      const int64_t value = ((int64_t)y[i] * share + ((int64_t)1 << (right - 1))) >> right;
      y[i] = (int16_t)(value < 0 ? 0 : (value > INT16_MAX ? INT16_MAX : value));
    }
  }
  return EI_OK;
}

/* n < 4096 values a run, so that the sum, 19 bits after the point, stays below 2^31. */
EI_API int32_t ei_softmax_sum(const int32_t *exps, const int8_t *x, int32_t n, int32_t *peak) {
  int32_t top = x[0], sum = 0;
  for (int32_t i = 1; i < n; i++) top = x[i] > top ? x[i] : top;
  for (int32_t i = 0; i < n; i++) sum += ei_divide_by_pot(exps[top - x[i]], 12);
  *peak = top;
  return sum;
}

#define EI_SOFTMAX_OUT int8_t
#define EI_SOFTMAX     ei_softmax_i8
#define EI_SOFTMAX_LOW INT8_MIN
#define EI_SOFTMAX_TOP INT8_MAX
#include "ei_softmax_body.h"
#define EI_SOFTMAX_OUT int16_t
#define EI_SOFTMAX     ei_softmax_i8_i16
#define EI_SOFTMAX_LOW INT16_MIN
#define EI_SOFTMAX_TOP INT16_MAX
#include "ei_softmax_body.h"

EI_API ei_status ei_log_softmax_i8(const void *params, const ei_io *io) {
  const ei_log_softmax_i8_params *p = (const ei_log_softmax_i8_params *)params;
  const int8_t *x = (const int8_t *)io->in[0];
  int8_t *y = (int8_t *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n, y += p->n) {
    int32_t peak;
    const int32_t log = ei_fixed_log(ei_softmax_sum(p->exps, x, p->n, &peak));
    const int32_t lowest =
        ei_rescale_i32(ei_wrap_add(log, INT32_MIN), p->divisor, p->divisor_shift);
    const int32_t least = lowest > p->diff_min - 1 ? lowest : p->diff_min - 1;
    for (int32_t i = 0; i < p->n; i++) {
      const int32_t diff = x[i] - peak;
      const int32_t value = ei_divide_by_pot(ei_wrap_sub(p->diffs[-diff], log), 22) + INT8_MAX;
      y[i] = (int8_t)(diff > least ? ei_clamp_i32(value, INT8_MIN, INT8_MAX) : INT8_MIN);
    }
  }
  return EI_OK;
}

/* n <= 32768 values a run, so that the sum of squares stays below 2^31. */
EI_API ei_status ei_l2_norm_i8(const void *params, const ei_io *io) {
  const ei_l2_params *p = (const ei_l2_params *)params;
  const int8_t *x = (const int8_t *)io->in[0];
  int8_t *y = (int8_t *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n, y += p->n) {
    int32_t sum = 0, shift;
    for (int32_t i = 0; i < p->n; i++) sum += (x[i] - p->x_zero) * (x[i] - p->x_zero);
    const int32_t inverse = ei_inverse_sqrt(sum, &shift);
    for (int32_t i = 0; i < p->n; i++) {
      const int32_t value = ei_rescale_i32(x[i] - p->x_zero, inverse, shift + 7);
      y[i] = (int8_t)ei_clamp_i32(value, INT8_MIN, INT8_MAX);
    }
  }
  return EI_OK;
}

#endif
