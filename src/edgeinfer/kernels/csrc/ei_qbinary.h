/* Sums and products of quantized tensors, element by element. */
#ifndef EI_QBINARY_H
#define EI_QBINARY_H

#include "ei_fixed.h"
#include "ei_qbinary_params.h"

EI_API int32_t ei_qadd_one(const ei_qbinary_params *p, int32_t a, int32_t b) {
  const int32_t x = (int32_t)((uint32_t)(a - p->a_zero) << p->left_shift);
  const int32_t z = (int32_t)((uint32_t)(b - p->b_zero) << p->left_shift);
  const int32_t u = ei_divide_by_pot(ei_high_mul(x, p->a_multiplier), -p->a_shift);
  const int32_t v = ei_divide_by_pot(ei_high_mul(z, p->b_multiplier), -p->b_shift);
  const int32_t sum = (int32_t)((uint32_t)u + (uint32_t)(p->sign * v));
  const int32_t y = ei_divide_by_pot(ei_high_mul(sum, p->y_multiplier), -p->y_shift);
  return ei_clamp_i32(y, p->low - p->y_zero, p->high - p->y_zero) + p->y_zero;
}

EI_API int32_t ei_qmul_one(const ei_qbinary_params *p, int32_t a, int32_t b) {
  const uint32_t product = (uint32_t)(a - p->a_zero) * (uint32_t)(b - p->b_zero);
  const int32_t y = ei_rescale_i32((int32_t)product, p->y_multiplier, p->y_shift);
  return ei_clamp_i32(y, p->low - p->y_zero, p->high - p->y_zero) + p->y_zero;
}

#ifndef EI_HAVE_QADD_I8
EI_API void ei_qadd_run_i8(const ei_qbinary_params *p, const int8_t *a, const int8_t *b,
                           ptrdiff_t n, int8_t *y) {
  for (ptrdiff_t i = 0; i < n; i++) y[i] = (int8_t)ei_qadd_one(p, a[i], b[i]);
}
#endif

EI_API ei_status ei_qadd_i8(const void *params, const ei_io *io) {
  const ei_qbinary_params *p = (const ei_qbinary_params *)params;
  ei_qadd_run_i8(p, (const int8_t *)io->in[0], (const int8_t *)io->in[1],
                 (ptrdiff_t)io->rows * p->n, (int8_t *)io->out[0]);
  return EI_OK;
}

EI_API ei_status ei_qadd_i16(const void *params, const ei_io *io) {
  const ei_qbinary_params *p = (const ei_qbinary_params *)params;
  const int16_t *a = (const int16_t *)io->in[0], *b = (const int16_t *)io->in[1];
  int16_t *y = (int16_t *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) y[i] = (int16_t)ei_qadd_one(p, a[i], b[i]);
  return EI_OK;
}

EI_API ei_status ei_qmul_i8(const void *params, const ei_io *io) {
  const ei_qbinary_params *p = (const ei_qbinary_params *)params;
  const int8_t *a = (const int8_t *)io->in[0], *b = (const int8_t *)io->in[1];
  int8_t *y = (int8_t *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) y[i] = (int8_t)ei_qmul_one(p, a[i], b[i]);
  return EI_OK;
}

EI_API ei_status ei_qmul_i16(const void *params, const ei_io *io) {
  const ei_qbinary_params *p = (const ei_qbinary_params *)params;
  const int16_t *a = (const int16_t *)io->in[0], *b = (const int16_t *)io->in[1];
  int16_t *y = (int16_t *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) y[i] = (int16_t)ei_qmul_one(p, a[i], b[i]);
  return EI_OK;
}

#endif
