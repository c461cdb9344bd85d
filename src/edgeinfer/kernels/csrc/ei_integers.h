/* Integers to other integers, one at a time: rescaling, conversion, whole arithmetic, the place of
 * the largest, rows taken by index. */
#ifndef EI_INTEGERS_H
#define EI_INTEGERS_H

#include <string.h>

#include "ei_newton.h"

typedef struct {
  int32_t x_zero;
  int32_t y_zero;
  int32_t multiplier; /* of what is not below x_zero */
  int32_t shift;
  int32_t below_multiplier; /* of what is, and its sign */
  int32_t below_shift;
  int32_t low;
  int32_t high;
  int32_t n;
} ei_rescale_params;

typedef struct {
  int32_t fn; /* add, sub, mul, max, min */
  int32_t n;
} ei_whole_params;

typedef struct {
  int32_t from; /* f32, i8, u8, i16, i32, i64 */
  int32_t to;   /* the same, or 6: whether it is not zero */
  int32_t n;
} ei_convert_params;

typedef struct {
  int32_t multiplier;
  int32_t shift;
  int32_t n;
} ei_root_params;

typedef struct {
  int32_t outer;
  int32_t n;
  int32_t inner;
  int32_t least; /* the place of the smallest, not of the largest */
} ei_arg_params;

typedef struct {
  const void *table;
  int32_t rows;
  int32_t bytes; /* of a row */
  int32_t n;     /* how many are taken */
} ei_take_params;

/* The result wraps around before it is clamped, as the reference's does. */
EI_API int32_t ei_rescale_one(const ei_rescale_params *p, int32_t value) {
  const int32_t x = (int32_t)((uint32_t)value - (uint32_t)p->x_zero);
  const int32_t y = x >= 0 ? ei_rescale_i32(x, p->multiplier, p->shift)
                           : ei_rescale_i32(x, p->below_multiplier, p->below_shift);
  return ei_clamp_i32((int32_t)((uint32_t)y + (uint32_t)p->y_zero), p->low, p->high);
}

#define EI_RESCALE_KERNEL(kernel, from, to)                                            \
  EI_API ei_status kernel(const void *params, const ei_io *io) {                       \
    const ei_rescale_params *p = (const ei_rescale_params *)params;                    \
    const from *x = (const from *)io->in[0];                                           \
    to *y = (to *)io->out[0];                                                          \
    const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;                                \
    for (ptrdiff_t i = 0; i < total; i++) y[i] = (to)ei_rescale_one(p, (int32_t)x[i]); \
    return EI_OK;                                                                      \
  }

EI_RESCALE_KERNEL(ei_rescale_i8_i16, int8_t, int16_t)
EI_RESCALE_KERNEL(ei_rescale_i8_i32, int8_t, int32_t)
EI_RESCALE_KERNEL(ei_rescale_i16_i8, int16_t, int8_t)
EI_RESCALE_KERNEL(ei_rescale_i16_i16, int16_t, int16_t)
EI_RESCALE_KERNEL(ei_rescale_i16_i32, int16_t, int32_t)
EI_RESCALE_KERNEL(ei_rescale_i32_i8, int32_t, int8_t)
EI_RESCALE_KERNEL(ei_rescale_i32_i16, int32_t, int16_t)

#undef EI_RESCALE_KERNEL

/* 1 / sqrt(x) with 20 bits after the point, rescaled; without a root the largest number. */
EI_API ei_status ei_inverse_root_i16(const void *params, const ei_io *io) {
  const ei_root_params *p = (const ei_root_params *)params;
  const int16_t *x = (const int16_t *)io->in[0];
  int16_t *y = (int16_t *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) {
    int32_t shift, value = INT16_MAX;
    if (x[i] > 0) {
      const int32_t multiplier = ei_inverse_sqrt(x[i], &shift);
      const int32_t root = ei_rescale_i32(1, multiplier, shift + 20);
      value = ei_rescale_i32(root, p->multiplier, p->shift);
    }
    y[i] = (int16_t)ei_clamp_i32(value, INT16_MIN, INT16_MAX);
  }
  return EI_OK;
}

/* Sums wrap around: they are made without a sign. A narrow type has only the last two. */
#define EI_WHOLE_KERNEL(kernel, type, bits)                                           \
  EI_API ei_status kernel(const void *params, const ei_io *io) {                      \
    const ei_whole_params *p = (const ei_whole_params *)params;                       \
    const type *a = (const type *)io->in[0], *b = (const type *)io->in[1];            \
    type *y = (type *)io->out[0];                                                     \
    const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;                               \
    switch (p->fn) {                                                                  \
      case 0:                                                                         \
        for (ptrdiff_t i = 0; i < total; i++) y[i] = (type)((bits)a[i] + (bits)b[i]); \
        break;                                                                        \
      case 1:                                                                         \
        for (ptrdiff_t i = 0; i < total; i++) y[i] = (type)((bits)a[i] - (bits)b[i]); \
        break;                                                                        \
      case 2:                                                                         \
        for (ptrdiff_t i = 0; i < total; i++) y[i] = (type)((bits)a[i] * (bits)b[i]); \
        break;                                                                        \
      case 3:                                                                         \
        for (ptrdiff_t i = 0; i < total; i++) y[i] = a[i] > b[i] ? a[i] : b[i];       \
        break;                                                                        \
      default:                                                                        \
        for (ptrdiff_t i = 0; i < total; i++) y[i] = a[i] < b[i] ? a[i] : b[i];       \
    }                                                                                 \
    return EI_OK;                                                                     \
  }

EI_WHOLE_KERNEL(ei_whole_i8, int8_t, uint32_t)
EI_WHOLE_KERNEL(ei_whole_u8, uint8_t, uint32_t)
EI_WHOLE_KERNEL(ei_whole_i16, int16_t, uint32_t)
EI_WHOLE_KERNEL(ei_whole_i32, int32_t, uint32_t)
EI_WHOLE_KERNEL(ei_whole_i64, int64_t, uint64_t)

#undef EI_WHOLE_KERNEL

/* Quotients cut or rounded down, or what rounding down leaves. */
#define EI_DIVIDE_KERNEL(kernel, type, bits)                                    \
  EI_API ei_status kernel(const void *params, const ei_io *io) {                \
    const ei_whole_params *p = (const ei_whole_params *)params;                 \
    const type *a = (const type *)io->in[0], *b = (const type *)io->in[1];      \
    type *y = (type *)io->out[0];                                               \
    const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;                         \
    for (ptrdiff_t i = 0; i < total; i++) {                                     \
      if (b[i] == 0) return EI_RANGE;                                           \
      /* The least integer has no positive; C leaves its quotient undefined. */ \
      const type quotient = b[i] == -1 ? (type)(0 - (bits)a[i]) : a[i] / b[i];  \
      const type rest = b[i] == -1 ? 0 : a[i] % b[i];                           \
      const int below = rest != 0 && (rest < 0) != (b[i] < 0);                  \
      y[i] = p->fn == 2 ? (below ? rest + b[i] : rest)                          \
                        : (p->fn == 1 && below ? quotient - 1 : quotient);      \
    }                                                                           \
    return EI_OK;                                                               \
  }

EI_DIVIDE_KERNEL(ei_divide_i32, int32_t, uint32_t)
EI_DIVIDE_KERNEL(ei_divide_i64, int64_t, uint64_t)

#undef EI_DIVIDE_KERNEL

/* A whole number at place i of numbers of type `from`; what int64 does not hold becomes its nearest
 * bound, NaN zero. */
EI_API int64_t ei_convert_read(int32_t from, const void *x, ptrdiff_t i) {
  switch (from) {
    case 0: {
      const float value = ((const float *)x)[i];
      if (value >= 9223372036854775808.0f) return INT64_MAX;
      if (value <= -9223372036854775808.0f) return INT64_MIN;
      return value == value ? (int64_t)value : 0;
    }
    case 1:
      return ((const int8_t *)x)[i];
    case 2:
      return ((const uint8_t *)x)[i];
    case 3:
      return ((const int16_t *)x)[i];
    case 4:
      return ((const int32_t *)x)[i];
    default:
      return ((const int64_t *)x)[i];
  }
}

EI_API int64_t ei_convert_clamp(int32_t from, int64_t value, int64_t low, int64_t high) {
  if (from != 0) return value;
  return value < low ? low : (value > high ? high : value);
}

/* Integers keep their low bits, floats are cut to integers and to their bounds. */
EI_API ei_status ei_convert(const void *params, const ei_io *io) {
  const ei_convert_params *p = (const ei_convert_params *)params;
  const void *x = io->in[0];
  void *y = io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) {
    const int64_t value = ei_convert_read(p->from, x, i);
    switch (p->to) {
      case 0:
        ((float *)y)[i] = p->from == 0 ? ((const float *)x)[i] : (float)value;
        break;
      case 1:
        ((int8_t *)y)[i] = (int8_t)ei_convert_clamp(p->from, value, INT8_MIN, INT8_MAX);
        break;
      case 2:
        ((uint8_t *)y)[i] = (uint8_t)ei_convert_clamp(p->from, value, 0, UINT8_MAX);
        break;
      case 3:
        ((int16_t *)y)[i] = (int16_t)ei_convert_clamp(p->from, value, INT16_MIN, INT16_MAX);
        break;
      case 4:
        ((int32_t *)y)[i] = (int32_t)ei_convert_clamp(p->from, value, INT32_MIN, INT32_MAX);
        break;
      case 5:
        ((int64_t *)y)[i] = value;
        break;
      default:
        ((uint8_t *)y)[i] = (uint8_t)(p->from == 0 ? ((const float *)x)[i] != 0 : value != 0);
    }
  }
  return EI_OK;
}

/* The first of equals. A NaN is never better than what stands. */
#define EI_ARG_KERNEL(kernel, type)                                       \
  EI_API ei_status kernel(const void *params, const ei_io *io) {          \
    const ei_arg_params *p = (const ei_arg_params *)params;               \
    const type *x = (const type *)io->in[0];                              \
    int32_t *y = (int32_t *)io->out[0];                                   \
    const ptrdiff_t runs = (ptrdiff_t)io->rows * p->outer;                \
    for (ptrdiff_t r = 0; r < runs; r++, x += (ptrdiff_t)p->n * p->inner) \
      for (int32_t j = 0; j < p->inner; j++) {                            \
        int32_t place = 0;                                                \
        type best = x[j];                                                 \
        for (int32_t i = 1; i < p->n; i++) {                              \
          const type value = x[(ptrdiff_t)i * p->inner + j];              \
          if (p->least ? value < best : value > best) {                   \
            best = value;                                                 \
            place = i;                                                    \
          }                                                               \
        }                                                                 \
        *y++ = place;                                                     \
      }                                                                   \
    return EI_OK;                                                         \
  }

EI_ARG_KERNEL(ei_arg_f32, float)
EI_ARG_KERNEL(ei_arg_i8, int8_t)
EI_ARG_KERNEL(ei_arg_u8, uint8_t)
EI_ARG_KERNEL(ei_arg_i16, int16_t)
EI_ARG_KERNEL(ei_arg_i32, int32_t)

#undef EI_ARG_KERNEL

/* Rows of a table by index. */
#define EI_TAKE_KERNEL(kernel, type)                             \
  EI_API ei_status kernel(const void *params, const ei_io *io) { \
    const ei_take_params *p = (const ei_take_params *)params;    \
    const type *x = (const type *)io->in[0];                     \
    char *y = (char *)io->out[0];                                \
    const char *table = (const char *)p->table;                  \
    const size_t bytes = (size_t)p->bytes;                       \
    const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;          \
    for (ptrdiff_t i = 0; i < total; i++, y += bytes) {          \
      if (x[i] < 0 || x[i] >= p->rows) return EI_RANGE;          \
      memcpy(y, table + (size_t)x[i] * bytes, bytes);            \
    }                                                            \
    return EI_OK;                                                \
  }

EI_TAKE_KERNEL(ei_take_i32, int32_t)
EI_TAKE_KERNEL(ei_take_i64, int64_t)

#undef EI_TAKE_KERNEL

#endif
