/* Dense layer of one floating type; included once per type. */
#include "ei_float_begin.h"
#define EI_WIDTH EI_F(EI_PANEL)

EI_API ei_status EI_F(ei_dense)(const void *params, const ei_io *io) {
  const ei_dense_params *p = (const ei_dense_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  for (int32_t r = 0; r < io->rows; r++, x += p->n_in, y += p->n_out) {
    const EI_T *w = (const EI_T *)p->weights;
    const EI_T *bias = (const EI_T *)p->bias;
    for (int32_t o = 0; o < p->n_out; o += EI_WIDTH, bias += EI_WIDTH) {
      EI_T sum[EI_WIDTH] = {0};
      for (int32_t i = 0; i < p->n_in; i++, w += EI_WIDTH)
        for (int32_t j = 0; j < EI_WIDTH; j++) sum[j] += x[i] * w[j];
      const int32_t width = p->n_out - o < EI_WIDTH ? p->n_out - o : EI_WIDTH;
      for (int32_t j = 0; j < width; j++) {
        const EI_T value = sum[j] + bias[j];
        y[o + j] = p->relu && value < 0 ? 0 : value;
      }
    }
  }
  return EI_OK;
}

#undef EI_WIDTH
#include "ei_float_end.h"
