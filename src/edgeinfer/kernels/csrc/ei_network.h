/* Small kernels of networks: reductions of integers, matrix products, resizing. */
#ifndef EI_NETWORK_H
#define EI_NETWORK_H

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
  int32_t outer;
  int32_t n;
  int32_t inner;
  int32_t exclusive;
  int32_t reverse;
} ei_cumsum_params;

typedef struct {
  int32_t batch;
  int32_t m;
  int32_t k;
  int32_t n;
} ei_matmul_params;

typedef struct {
  int32_t batch;
  int32_t m;
  int32_t k;
  int32_t n;
  int32_t a_zero;
  int32_t b_zero;
  int32_t y_zero;
  int32_t multiplier;
  int32_t shift;
} ei_qmatmul_params;

typedef struct {
  const int32_t *rows;    /* of each row of the result: upper row, lower row, distance to it */
  const int32_t *columns; /* the same of its columns; distances have 10 bits after the point */
  int32_t batch;
  int32_t height;
  int32_t width;
  int32_t out_height;
  int32_t out_width;
  int32_t channels;
} ei_bilinear_params;

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

/* Running sums, each of the one before; integers add without a sign, so that they wrap around. */
#define EI_CUMSUM_KERNEL(kernel, type, bits)                                                      \
  EI_API ei_status kernel(const void *params, const ei_io *io) {                                  \
    const ei_cumsum_params *p = (const ei_cumsum_params *)params;                                 \
    const type *x = (const type *)io->in[0];                                                      \
    type *y = (type *)io->out[0];                                                                 \
    const ptrdiff_t inner = p->inner, run = p->n * inner;                                         \
    const ptrdiff_t step = p->reverse ? -inner : inner;                                           \
    const ptrdiff_t first = p->reverse ? run - inner : 0;                                         \
    const ptrdiff_t runs = (ptrdiff_t)io->rows * p->outer;                                        \
    for (ptrdiff_t r = 0; r < runs; r++, x += run, y += run) {                                    \
      const type *from = x + first;                                                               \
      type *to = y + first;                                                                       \
      for (ptrdiff_t j = 0; j < inner; j++) to[j] = p->exclusive ? 0 : from[j];                   \
      for (int32_t i = 1; i < p->n; i++) {                                                        \
        if (!p->exclusive) from += step;                                                          \
        for (ptrdiff_t j = 0; j < inner; j++) to[j + step] = (type)((bits)to[j] + (bits)from[j]); \
        if (p->exclusive) from += step;                                                           \
        to += step;                                                                               \
      }                                                                                           \
    }                                                                                             \
    return EI_OK;                                                                                 \
  }

EI_CUMSUM_KERNEL(ei_cumsum_f32, float, float)
EI_CUMSUM_KERNEL(ei_cumsum_i32, int32_t, uint32_t)
EI_CUMSUM_KERNEL(ei_cumsum_i64, int64_t, uint64_t)

#undef EI_CUMSUM_KERNEL

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

EI_API ei_status ei_qmatmul_i8(const void *params, const ei_io *io) {
  const ei_qmatmul_params *p = (const ei_qmatmul_params *)params;
  const int8_t *a = (const int8_t *)io->in[0], *b = (const int8_t *)io->in[1];
  int8_t *y = (int8_t *)io->out[0];
  const ptrdiff_t count = (ptrdiff_t)io->rows * p->batch;
  for (ptrdiff_t i = 0; i < count; i++, b += (ptrdiff_t)p->k * p->n)
    for (int32_t r = 0; r < p->m; r++, a += p->k)
      for (int32_t j = 0; j < p->n; j++) {
        int32_t sum = 0;
        for (int32_t k = 0; k < p->k; k++)
          sum += (a[k] - p->a_zero) * (b[(ptrdiff_t)k * p->n + j] - p->b_zero);
        const int32_t value = ei_rescale_i32(sum, p->multiplier, p->shift);
        *y++ =
            (int8_t)(ei_clamp_i32(value, INT8_MIN - p->y_zero, INT8_MAX - p->y_zero) + p->y_zero);
      }
  return EI_OK;
}

EI_API ei_status ei_qmatmul_i16(const void *params, const ei_io *io) {
  const ei_qmatmul_params *p = (const ei_qmatmul_params *)params;
  const int16_t *a = (const int16_t *)io->in[0], *b = (const int16_t *)io->in[1];
  int16_t *y = (int16_t *)io->out[0];
  const ptrdiff_t count = (ptrdiff_t)io->rows * p->batch;
  for (ptrdiff_t i = 0; i < count; i++, b += (ptrdiff_t)p->k * p->n)
    for (int32_t r = 0; r < p->m; r++, a += p->k)
      for (int32_t j = 0; j < p->n; j++) {
        int64_t sum = 0;
        for (int32_t k = 0; k < p->k; k++) sum += (int32_t)a[k] * b[(ptrdiff_t)k * p->n + j];
        const int32_t value = ei_rescale_i64(sum, p->multiplier, p->shift);
        *y++ = (int16_t)ei_clamp_i32(value, INT16_MIN, INT16_MAX);
      }
  return EI_OK;
}

#define EI_BILINEAR_KERNEL(kernel, type)                                                          \
  EI_API ei_status kernel(const void *params, const ei_io *io) {                                  \
    const ei_bilinear_params *p = (const ei_bilinear_params *)params;                             \
    const type *x = (const type *)io->in[0];                                                      \
    type *y = (type *)io->out[0];                                                                 \
    const ptrdiff_t images = (ptrdiff_t)io->rows * p->batch,                                      \
                    line = (ptrdiff_t)p->width * p->channels;                                     \
    for (ptrdiff_t i = 0; i < images; i++, x += p->height * line)                                 \
      for (int32_t r = 0; r < p->out_height; r++) {                                               \
        const int32_t *row = p->rows + 3 * r;                                                     \
        for (int32_t s = 0; s < p->out_width; s++) {                                              \
          const int32_t *column = p->columns + 3 * s;                                             \
          const type *upper = x + row[0] * line, *lower = x + row[1] * line;                      \
          const ptrdiff_t left = (ptrdiff_t)column[0] * p->channels;                              \
          const ptrdiff_t right = (ptrdiff_t)column[1] * p->channels;                             \
          const int64_t v = row[2], u = column[2];                                                \
          for (int32_t c = 0; c < p->channels; c++) {                                             \
            const int64_t sum = upper[left + c] * ((1024 - v) * (1024 - u)) +                     \
                                lower[left + c] * (v * (1024 - u)) +                              \
                                upper[right + c] * ((1024 - v) * u) + lower[right + c] * (v * u); \
            const int64_t half = sum > 0 ? 1 << 19 : -(1 << 19);                                  \
            *y++ = (type)((sum + half) / (1 << 20));                                              \
          }                                                                                       \
        }                                                                                         \
      }                                                                                           \
    return EI_OK;                                                                                 \
  }

EI_BILINEAR_KERNEL(ei_bilinear_i8, int8_t)
EI_BILINEAR_KERNEL(ei_bilinear_i16, int16_t)

#undef EI_BILINEAR_KERNEL

#endif
