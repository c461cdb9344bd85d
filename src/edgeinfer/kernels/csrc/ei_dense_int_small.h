/* Integer matrix product for small targets: int8 by int8, nothing staged, hardly anything padded.
 * The sums are those of ei_dense_int.h. Weights lie in panels of four outputs, and in them in
 * groups of four inputs, (groups, 4 outputs, 4 inputs); then one row of groups per output left. */
#ifndef EI_DENSE_INT_SMALL_H
#define EI_DENSE_INT_SMALL_H

#include <string.h>

#include "ei_arm_dsp.h"
#include "ei_fixed.h"
#include "ei_types.h"

typedef struct {
  const int8_t *weights;
  const int32_t *bias;       /* n_out */
  const int32_t *multiplier; /* n_out; these three for integer outputs */
  const int8_t *shift;
  const int32_t *zero;
  const float *scale; /* n_out; these two for float outputs: sum * scale + offset */
  const float *offset;
  int32_t n_in;
  int32_t n_out;
  int32_t repeat; /* a row is `repeat` runs of n_in values */
  int32_t low;    /* clamp of integer outputs */
  int32_t high;
} ei_dense_int_small_params;

/* Primitives: sums of four outputs, or of one, over n inputs; weights of absent inputs are 0 but
 * the inputs themselves are not there to read. */
#ifdef EI_HAVE_ARM_DSP
EI_API void ei_small_sums4(const int8_t *x, const int8_t *w, int32_t n, int32_t *sums) {
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  const int8_t *const end = x + (n & ~7);
  uint32_t even, odd, one, other;
  while (x < end) {
    EI_DSP_FOUR_INPUTS;
    EI_DSP_OUTPUT(s0);
    EI_DSP_OUTPUT(s1);
    EI_DSP_OUTPUT(s2);
    EI_DSP_OUTPUT(s3);
    EI_DSP_FOUR_INPUTS;
    EI_DSP_OUTPUT(s0);
    EI_DSP_OUTPUT(s1);
    EI_DSP_OUTPUT(s2);
    EI_DSP_OUTPUT(s3);
  }
  if (n & 4) {
    EI_DSP_FOUR_INPUTS;
    EI_DSP_OUTPUT(s0);
    EI_DSP_OUTPUT(s1);
    EI_DSP_OUTPUT(s2);
    EI_DSP_OUTPUT(s3);
  }
  for (int32_t k = 0; k < (n & 3); k++) {
    s0 += x[k] * w[k];
    s1 += x[k] * w[k + 4];
    s2 += x[k] * w[k + 8];
    s3 += x[k] * w[k + 12];
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

EI_API int32_t ei_small_sum(const int8_t *x, const int8_t *w, int32_t n, int32_t sum) {
  const int8_t *const end = x + (n & ~3);
  for (; x < end; x += 4, w += 4) {
    const uint32_t a = ei_word(x), b = ei_word(w);
    sum = ei_two_products(ei_even_bytes(a), ei_even_bytes(b), sum);
    sum = ei_two_products(ei_odd_bytes(a), ei_odd_bytes(b), sum);
  }
  for (int32_t k = 0; k < (n & 3); k++) sum += x[k] * w[k];
  return sum;
}
#else
EI_API void ei_small_sums4(const int8_t *x, const int8_t *w, int32_t n, int32_t *sums) {
  const int8_t *const end = x + (n & ~3);
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  for (; x < end; x += 4, w += 16) {
    const int32_t x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];
    s0 += x0 * w[0] + x1 * w[1] + x2 * w[2] + x3 * w[3];
    s1 += x0 * w[4] + x1 * w[5] + x2 * w[6] + x3 * w[7];
    s2 += x0 * w[8] + x1 * w[9] + x2 * w[10] + x3 * w[11];
    s3 += x0 * w[12] + x1 * w[13] + x2 * w[14] + x3 * w[15];
  }
  for (int32_t k = 0; k < (n & 3); k++) {
    s0 += x[k] * w[k];
    s1 += x[k] * w[k + 4];
    s2 += x[k] * w[k + 8];
    s3 += x[k] * w[k + 12];
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

EI_API int32_t ei_small_sum(const int8_t *x, const int8_t *w, int32_t n, int32_t sum) {
  for (int32_t i = 0; i < n; i++) sum += x[i] * w[i];
  return sum;
}
#endif

/* The sums of outputs o to o + 3, or of fewer at the end; their number. */
EI_API int32_t ei_small_sums(const ei_dense_int_small_params *p, const int8_t *x, int32_t o,
                             int32_t *sums) {
  const int32_t padded = (p->n_in + 3) & ~3, left = p->n_out - o;
  const int8_t *w = p->weights + (ptrdiff_t)o * padded;
  if (left >= 4) {
    for (int32_t j = 0; j < 4; j++) sums[j] = p->bias[o + j];
    ei_small_sums4(x, w, p->n_in, sums);
    return 4;
  }
  for (int32_t j = 0; j < left; j++, w += padded)
    sums[j] = ei_small_sum(x, w, p->n_in, p->bias[o + j]);
  return left;
}

EI_API ei_status ei_dense_small_i8(const void *params, const ei_io *io) {
  const ei_dense_int_small_params *p = (const ei_dense_int_small_params *)params;
  const int8_t *x = (const int8_t *)io->in[0];
  int8_t *y = (int8_t *)io->out[0];
  const int32_t n_out = p->n_out, low = p->low, high = p->high;
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n_in) {
    const int32_t *multiplier = p->multiplier, *zeros = p->zero;
    const int8_t *shift = p->shift;
    for (int32_t o = 0; o < n_out; o += 4) {
      int32_t sums[4];
      const int32_t count = ei_small_sums(p, x, o, sums);
      for (int32_t j = 0; j < count; j++) {
        const int32_t value = ei_rescale_i32(sums[j], *multiplier++, *shift++);
        *y++ = (int8_t)ei_output_i32(value, *zeros++, low, high);
      }
    }
  }
  return EI_OK;
}

EI_API ei_status ei_dense_small_i8_f32(const void *params, const ei_io *io) {
  const ei_dense_int_small_params *p = (const ei_dense_int_small_params *)params;
  const int8_t *x = (const int8_t *)io->in[0];
  float *y = (float *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n_in, y += p->n_out)
    for (int32_t o = 0; o < p->n_out; o += 4) {
      int32_t sums[4];
      const int32_t count = ei_small_sums(p, x, o, sums);
      for (int32_t j = 0; j < count; j++)
        y[o + j] = (float)sums[j] * p->scale[o + j] + p->offset[o + j];
    }
  return EI_OK;
}

#endif
