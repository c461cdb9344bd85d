/* Sums of quantized int16 tensors, sixteen at a time, from what a set calls ei_words. */
#ifndef EI_ISA_QADD_INT16_H
#define EI_ISA_QADD_INT16_H

#include "../ei_qbinary_params.h"
#include "rescaling_blocks.h"

/* A block of factors, the same for all lanes: x * 2^left * multiplier * 2^(shift - 31), rounded
 * twice, as pack_rescaling in ops/conv.py makes them. */
static inline ei_words_factor ei_same_factor(int32_t left, int32_t multiplier, int32_t shift) {
  int32_t block[EI_FACTOR_BYTES / 4] = {0};
  const int64_t half = shift == 0 ? 0 : (int64_t)1 << (-shift - 1);
  const int64_t add = ((int64_t)1 << 31) + half * ((int64_t)1 << 32);
  for (int i = 0; i < 16; i++) {
    block[EI_FACTOR_MULTIPLIER / 4 + i] = block[EI_FACTOR_ODD / 4 + i] = multiplier;
    block[EI_FACTOR_LEFT / 4 + i] = left + 1;
    block[EI_FACTOR_RIGHT / 4 + i] = -shift;
  }
  for (int i = 0; i < 16; i++)
    __builtin_memcpy(block + EI_FACTOR_ADD_EVEN / 4 + 2 * i, &add, sizeof add);
  return ei_words_load_factor((const char *)block);
}

/* An operand: `plain`, its factor is 1/2, which is a shift, as it is for the larger of two scales.
 */
static inline __attribute__((always_inline)) ei_words ei_qadd_operand(ei_words x, int32_t left,
                                                                      const ei_words_factor *f,
                                                                      int plain) {
  return plain ? ei_words_left(x, left - 1) : ei_words_rescale(x, f, 0);
}

static inline __attribute__((always_inline)) ptrdiff_t ei_qadd_loop_i16(const ei_qbinary_params *p,
                                                                        const int16_t *a,
                                                                        const int16_t *b,
                                                                        ptrdiff_t n, int16_t *y,
                                                                        int plain_a, int plain_b) {
  enum { LANES = EI_VECTOR_BYTES / 4, EACH = 16 / LANES };
  const ei_words_factor of_a = ei_same_factor(p->left_shift, p->a_multiplier, p->a_shift);
  const ei_words_factor of_b = ei_same_factor(p->left_shift, p->b_multiplier, p->b_shift);
  const ei_words_factor of_y = ei_same_factor(0, p->y_multiplier, p->y_shift);
  const int minus = p->sign < 0;
  ptrdiff_t i = 0;
  for (; i + 16 <= n; i += 16) {
    ei_words sum[EACH];
#pragma GCC unroll 4
    for (int j = 0; j < EACH; j++) {
      const ei_words x = ei_words_widened(a + i + j * LANES),
                     z = ei_words_widened(b + i + j * LANES);
      const ei_words u = ei_qadd_operand(x, p->left_shift, &of_a, plain_a);
      const ei_words v = ei_qadd_operand(z, p->left_shift, &of_b, plain_b);
      sum[j] = ei_words_rescale(minus ? ei_words_sub(u, v) : ei_words_add(u, v), &of_y, 0);
    }
    ei_words_store_panel(sum, p->low, p->high, y + i, 16);
  }
  return i;
}

/* Whether a factor is at most 1/2, and its shift one that vectors take. */
static inline int ei_is_half(int32_t multiplier, int32_t shift) {
  return shift >= -22 && (shift < 0 || multiplier <= (int32_t)1 << 30);
}

/* The first so many sums, where nothing has a zero point and operands, shifted left, come to no
 * more than 2^30: their halves then add up to no more than that. */
#define EI_HAVE_QADD_I16 1
static inline ptrdiff_t ei_qadd_run_i16(const ei_qbinary_params *p, const int16_t *a,
                                        const int16_t *b, ptrdiff_t n, int16_t *y) {
  const int32_t half = (int32_t)1 << 30;
  if (p->a_zero != 0 || p->b_zero != 0 || p->y_zero != 0 || p->left_shift < 1 ||
      p->left_shift > 15 || p->y_shift < -22 || !ei_is_half(p->a_multiplier, p->a_shift) ||
      !ei_is_half(p->b_multiplier, p->b_shift))
    return 0;
  if (p->a_multiplier == half && p->a_shift == 0) return ei_qadd_loop_i16(p, a, b, n, y, 1, 0);
  if (p->b_multiplier == half && p->b_shift == 0) return ei_qadd_loop_i16(p, a, b, n, y, 0, 1);
  return ei_qadd_loop_i16(p, a, b, n, y, 0, 0);
}

#endif
