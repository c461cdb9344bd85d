/* Compact dense layer of one floating type; included once per type. */
#include "ei_float_begin.h"

EI_API ei_status EI_F(ei_dense_small)(const void *params, const ei_io *io) {
  const ei_dense_small_params *p = (const ei_dense_small_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  const EI_T *bias = (const EI_T *)p->bias;
  for (int32_t r = 0; r < io->rows; r++, x += p->n_in, y += p->n_out) {
    const EI_T *w = (const EI_T *)p->weights;
    const int32_t whole = p->n_out & ~3;
    for (int32_t o = 0; o < whole; o += 4) {
      EI_T s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (int32_t i = 0; i < p->n_in; i++, w += 4) {
        const EI_T value = x[i];
        s0 += value * w[0];
        s1 += value * w[1];
        s2 += value * w[2];
        s3 += value * w[3];
      }
      y[o] = s0;
      y[o + 1] = s1;
      y[o + 2] = s2;
      y[o + 3] = s3;
    }
    for (int32_t o = whole; o < p->n_out; o++, w += p->n_in) {
      EI_T sum = 0;
      for (int32_t i = 0; i < p->n_in; i++) sum += x[i] * w[i];
      y[o] = sum;
    }
    for (int32_t o = 0; o < p->n_out; o++) {
      const EI_T value = y[o] + bias[o];
      y[o] = p->relu && value < 0 ? 0 : value;
    }
  }
  return EI_OK;
}

#include "ei_float_end.h"
