/* Dense layer of one floating type; included once per type. */
#include "ei_float_begin.h"
#define EI_WIDTH EI_F(EI_PANEL)

#ifndef EI_HAVE_DENSE_PANELS
EI_API void EI_F(ei_dense_panels)(const EI_T *x, ptrdiff_t row, int32_t rows, int32_t n,
                                  const EI_T *w, const EI_T *bias, int32_t relu, EI_T *y,
                                  ptrdiff_t y_row, int32_t width) {
  EI_T sums[EI_WIDTH];
  (void)row;
  (void)rows;
  (void)y_row;
  EI_F(ei_row_dots)(x, n, w, sums);
  for (int32_t j = 0; j < width; j++) {
    const EI_T value = sums[j] + bias[j];
    y[j] = relu && value < 0 ? 0 : value;
  }
}
#endif

/* Panels of weights are outside: they are read once per call, the rows come from a near cache. */
EI_API ei_status EI_F(ei_dense)(const void *params, const ei_io *io) {
  const ei_dense_params *p = (const ei_dense_params *)params;
  const EI_T *w = (const EI_T *)p->weights;
  const EI_T *bias = (const EI_T *)p->bias;
  for (int32_t o = 0; o < p->n_out; o += EI_DENSE_PANELS * EI_WIDTH) {
    const int32_t left = p->n_out - o;
    const int32_t width = left < EI_DENSE_PANELS * EI_WIDTH ? left : EI_DENSE_PANELS * EI_WIDTH;
    const EI_T *x = (const EI_T *)io->in[0];
    EI_T *y = (EI_T *)io->out[0] + o;
    for (int32_t row = 0; row < io->rows; row += EI_DENSE_ROWS) {
      const int32_t rows = io->rows - row < EI_DENSE_ROWS ? io->rows - row : EI_DENSE_ROWS;
      EI_F(ei_dense_panels)(x, p->n_in, rows, p->n_in, w, bias + o, p->relu, y, p->n_out, width);
      x += (ptrdiff_t)EI_DENSE_ROWS * p->n_in;
      y += (ptrdiff_t)EI_DENSE_ROWS * p->n_out;
    }
    w += (ptrdiff_t)EI_DENSE_PANELS * EI_WIDTH * p->n_in;
  }
  return EI_OK;
}

#undef EI_WIDTH
#include "ei_float_end.h"
