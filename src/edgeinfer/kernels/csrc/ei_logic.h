/* Comparisons, and choices by what they give. Truth is a byte, 0 or 1. */
#ifndef EI_LOGIC_H
#define EI_LOGIC_H

#include <string.h>

#include "ei_fixed.h"

typedef struct {
  int32_t fn; /* eq, ne, lt, le, gt, ge */
  int32_t n;
} ei_compare_params;

typedef struct {
  int32_t fn;
  int32_t a_zero;
  int32_t b_zero;
  int32_t a_multiplier;
  int32_t b_multiplier;
  int32_t a_right; /* shifts to the right, 0 to 31 */
  int32_t b_right;
  int32_t n;
} ei_qcompare_params;

typedef struct {
  int32_t bytes;
} ei_choose_params;

typedef struct {
  int32_t n;
} ei_where_params;

/* One loop per comparison, so that each becomes vectors; `of_a` and `of_b` read operand i. */
#define EI_COMPARE_LOOP(of_a, op, of_b)                                           \
  for (ptrdiff_t i = 0; i < total; i++) y[i] = (uint8_t)((of_a)op(of_b) ? 1 : 0); \
  break;
#define EI_COMPARE_LOOPS(of_a, of_b)  \
  switch (p->fn) {                    \
    case 0:                           \
      EI_COMPARE_LOOP(of_a, ==, of_b) \
    case 1:                           \
      EI_COMPARE_LOOP(of_a, !=, of_b) \
    case 2:                           \
      EI_COMPARE_LOOP(of_a, <, of_b)  \
    case 3:                           \
      EI_COMPARE_LOOP(of_a, <=, of_b) \
    case 4:                           \
      EI_COMPARE_LOOP(of_a, >, of_b)  \
    default:                          \
      EI_COMPARE_LOOP(of_a, >=, of_b) \
  }

#define EI_COMPARE_KERNEL(kernel, type)                                    \
  EI_API ei_status kernel(const void *params, const ei_io *io) {           \
    const ei_compare_params *p = (const ei_compare_params *)params;        \
    const type *a = (const type *)io->in[0], *b = (const type *)io->in[1]; \
    uint8_t *y = (uint8_t *)io->out[0];                                    \
    const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;                    \
    EI_COMPARE_LOOPS(a[i], b[i])                                           \
    return EI_OK;                                                          \
  }

EI_COMPARE_KERNEL(ei_compare_f32, float)
EI_COMPARE_KERNEL(ei_compare_i8, int8_t)
EI_COMPARE_KERNEL(ei_compare_u8, uint8_t)
EI_COMPARE_KERNEL(ei_compare_i16, int16_t)
EI_COMPARE_KERNEL(ei_compare_i32, int32_t)
EI_COMPARE_KERNEL(ei_compare_i64, int64_t)

#undef EI_COMPARE_KERNEL

/* What is compared of an integer with a scale; it is below 2^16 before it is rescaled. */
EI_API int32_t ei_compared(int32_t x, int32_t zero, int32_t multiplier, int32_t right) {
  return ei_divide_by_pot(ei_high_mul((x - zero) * 256, multiplier), right);
}

EI_API ei_status ei_qcompare_i8(const void *params, const ei_io *io) {
  const ei_qcompare_params *p = (const ei_qcompare_params *)params;
  const int8_t *a = (const int8_t *)io->in[0], *b = (const int8_t *)io->in[1];
  uint8_t *y = (uint8_t *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  EI_COMPARE_LOOPS(ei_compared(a[i], p->a_zero, p->a_multiplier, p->a_right),
                   ei_compared(b[i], p->b_zero, p->b_multiplier, p->b_right))
  return EI_OK;
}

#undef EI_COMPARE_LOOPS
#undef EI_COMPARE_LOOP

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

#define EI_WHERE_KERNEL(kernel, type)                                         \
  EI_API ei_status kernel(const void *params, const ei_io *io) {              \
    const ei_where_params *p = (const ei_where_params *)params;               \
    const uint8_t *when = (const uint8_t *)io->in[0];                         \
    const type *yes = (const type *)io->in[1], *no = (const type *)io->in[2]; \
    type *y = (type *)io->out[0];                                             \
    const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;                       \
    for (ptrdiff_t i = 0; i < total; i++) y[i] = when[i] ? yes[i] : no[i];    \
    return EI_OK;                                                             \
  }

EI_WHERE_KERNEL(ei_where_1, uint8_t)
EI_WHERE_KERNEL(ei_where_2, uint16_t)
EI_WHERE_KERNEL(ei_where_4, uint32_t)
EI_WHERE_KERNEL(ei_where_8, uint64_t)

#undef EI_WHERE_KERNEL

#endif
