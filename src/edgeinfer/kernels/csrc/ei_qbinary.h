/* Sums and products of quantized tensors, element by element. */
#ifndef EI_QBINARY_H
#define EI_QBINARY_H

#include "ei_newton.h"
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

/* The square of a difference; |a - b| < 2^15 after rescaling, because that halves at least. */
EI_API int32_t ei_qsqdiff_one(const ei_qbinary_params *p, int32_t a, int32_t b) {
  const int32_t x = (int32_t)((uint32_t)(a - p->a_zero) << p->left_shift);
  const int32_t z = (int32_t)((uint32_t)(b - p->b_zero) << p->left_shift);
  const int32_t u = ei_divide_by_pot(ei_high_mul(x, p->a_multiplier), -p->a_shift);
  const int32_t v = ei_divide_by_pot(ei_high_mul(z, p->b_multiplier), -p->b_shift);
  const uint32_t diff = (uint32_t)u - (uint32_t)v;
  const int32_t y = ei_rescale_i32((int32_t)(diff * diff), p->y_multiplier, p->y_shift);
  return ei_clamp_i32(y, p->low - p->y_zero, p->high - p->y_zero) + p->y_zero;
}

/* By the reciprocal of b. Without a divisor the result is the bound on a's side. */
EI_API int32_t ei_qdiv_one(const ei_qbinary_params *p, int32_t a, int32_t b) {
  int32_t x = a - p->a_zero, z = b - p->b_zero;
  if (z == 0) return x > 0 ? p->high : (x < 0 ? p->low : ei_clamp_i32(p->y_zero, p->low, p->high));
  if (z < 0) {
    x = -x;
    z = -z;
  }
  const int32_t zeros = ei_leading_zeros((uint32_t)z);
  const int32_t fraction = (int32_t)(((uint32_t)z << zeros) - ((uint32_t)1 << 31));
  const int32_t headroom = x == 0 ? 31 : ei_leading_zeros((uint32_t)(x < 0 ? ~x : x)) - 1;
  const int32_t inverse = ei_newton_reciprocal(fraction);
  const int32_t quotient = ei_high_mul((int32_t)((uint32_t)x << headroom), inverse);
  const int32_t right = headroom + (31 - zeros) - p->y_shift;
  const int32_t scaled = ei_high_mul(quotient, p->y_multiplier);
  /* Beyond 31 the reference shifts by more than a word; this is what is left of it. */
  int32_t y = scaled < 0 ? -1 : 1;
  if (right < 0)
    y = ei_shift_left(scaled, -right);
  else if (right <= 31)
    y = ei_divide_by_pot(scaled, right);
  return ei_clamp_i32(y, p->low - p->y_zero, p->high - p->y_zero) + p->y_zero;
}

/* a where it is not negative, else a b; each with its own multiplier. */
EI_API int32_t ei_qprelu_one(const ei_qbinary_params *p, int32_t a, int32_t b) {
  const int32_t x = a - p->a_zero;
  const int32_t y = x >= 0 ? ei_rescale_i32(x, p->a_multiplier, p->a_shift)
                           : ei_rescale_i32((int32_t)((uint32_t)x * (uint32_t)(b - p->b_zero)),
                                            p->y_multiplier, p->y_shift);
  return ei_clamp_i32(y, p->low - p->y_zero, p->high - p->y_zero) + p->y_zero;
}

#ifndef EI_HAVE_QADD_I8
EI_API void ei_qadd_run_i8(const ei_qbinary_params *p, const int8_t *a, const int8_t *b,
                           ptrdiff_t n, int8_t *y) {
  for (ptrdiff_t i = 0; i < n; i++) y[i] = (int8_t)ei_qadd_one(p, a[i], b[i]);
}
#endif

#ifndef EI_HAVE_QADD_LINEAR_I8
EI_API void ei_qadd_linear_i8(const ei_qbinary_params *p, const int8_t *a, const int8_t *b,
                              ptrdiff_t n, int8_t *y) {
  const int32_t fa = p->a_factor, fb = p->b_factor, offset = p->offset, right = p->right;
  const int32_t low = p->low, high = p->high;
  for (ptrdiff_t i = 0; i < n; i++)
    y[i] = (int8_t)ei_clamp_i32((a[i] * fa + b[i] * fb + offset) >> right, low, high);
}
#endif

EI_API ei_status ei_qadd_i8(const void *params, const ei_io *io) {
  const ei_qbinary_params *p = (const ei_qbinary_params *)params;
  if (p->right >= 0) {
    ei_qadd_linear_i8(p, (const int8_t *)io->in[0], (const int8_t *)io->in[1],
                      (ptrdiff_t)io->rows * p->n, (int8_t *)io->out[0]);
    return EI_OK;
  }
  ei_qadd_run_i8(p, (const int8_t *)io->in[0], (const int8_t *)io->in[1],
                 (ptrdiff_t)io->rows * p->n, (int8_t *)io->out[0]);
  return EI_OK;
}

/* What a set adds in a way of its own: the first so many. */
#ifndef EI_HAVE_QADD_I16
EI_API ptrdiff_t ei_qadd_run_i16(const ei_qbinary_params *p, const int16_t *a, const int16_t *b,
                                 ptrdiff_t n, int16_t *y) {
  (void)p;
  (void)a;
  (void)b;
  (void)n;
  (void)y;
  return 0;
}
#endif

EI_API ei_status ei_qadd_i16(const void *params, const ei_io *io) {
  const ei_qbinary_params *p = (const ei_qbinary_params *)params;
  const int16_t *a = (const int16_t *)io->in[0], *b = (const int16_t *)io->in[1];
  int16_t *y = (int16_t *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = ei_qadd_run_i16(p, a, b, total, y); i < total; i++)
    y[i] = (int16_t)ei_qadd_one(p, a[i], b[i]);
  return EI_OK;
}

#define EI_QBINARY_KERNEL(kernel, one, type_a, type_b)                       \
  EI_API ei_status kernel(const void *params, const ei_io *io) {             \
    const ei_qbinary_params *p = (const ei_qbinary_params *)params;          \
    const type_a *a = (const type_a *)io->in[0];                             \
    const type_b *b = (const type_b *)io->in[1];                             \
    type_a *y = (type_a *)io->out[0];                                        \
    const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;                      \
    for (ptrdiff_t i = 0; i < total; i++) y[i] = (type_a)one(p, a[i], b[i]); \
    return EI_OK;                                                            \
  }

EI_QBINARY_KERNEL(ei_qmul_i8, ei_qmul_one, int8_t, int8_t)
EI_QBINARY_KERNEL(ei_qmul_i16, ei_qmul_one, int16_t, int16_t)
EI_QBINARY_KERNEL(ei_qsqdiff_i8, ei_qsqdiff_one, int8_t, int8_t)
EI_QBINARY_KERNEL(ei_qsqdiff_i16, ei_qsqdiff_one, int16_t, int16_t)
EI_QBINARY_KERNEL(ei_qdiv_i8, ei_qdiv_one, int8_t, int8_t)
EI_QBINARY_KERNEL(ei_qprelu_i8, ei_qprelu_one, int8_t, int8_t)
EI_QBINARY_KERNEL(ei_qprelu_i16, ei_qprelu_one, int16_t, int8_t)

#undef EI_QBINARY_KERNEL

#endif
