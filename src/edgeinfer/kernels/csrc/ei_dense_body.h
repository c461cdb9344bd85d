/* Dense layer of one floating type; included once per type. */
#include "ei_float_begin.h"
#define EI_WIDTH EI_F(EI_PANEL)

#ifndef EI_HAVE_DENSE_PANELS
EI_API void EI_F(ei_dense_panels)(const EI_T *x, ptrdiff_t row, int32_t rows, int32_t n,
                                  const EI_T *w, int32_t panels, EI_T *sums) {
  (void)row;
  (void)rows;
  (void)panels;
  EI_F(ei_row_dots)(x, n, w, sums);
}
#endif

EI_API ei_status EI_F(ei_dense)(const void *params, const ei_io *io) {
  const ei_dense_params *p = (const ei_dense_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  EI_T sums[EI_DENSE_ROWS * EI_DENSE_PANELS * EI_WIDTH];
  for (int32_t left = io->rows; left > 0; left -= EI_DENSE_ROWS) {
    const int32_t rows = left < EI_DENSE_ROWS ? left : EI_DENSE_ROWS;
    const EI_T *w = (const EI_T *)p->weights;
    const EI_T *bias = (const EI_T *)p->bias;
    for (int32_t o = 0; o < p->n_out; o += EI_DENSE_PANELS * EI_WIDTH) {
      const int32_t width =
          p->n_out - o < EI_DENSE_PANELS * EI_WIDTH ? p->n_out - o : EI_DENSE_PANELS * EI_WIDTH;
      const int32_t panels = (width + EI_WIDTH - 1) / EI_WIDTH;
      EI_F(ei_dense_panels)(x, p->n_in, rows, p->n_in, w, panels, sums);
      for (int32_t r = 0; r < rows; r++) {
        const EI_T *sum = sums + r * EI_DENSE_PANELS * EI_WIDTH;
        EI_T *out = y + (ptrdiff_t)r * p->n_out + o;
        if (p->relu)
          for (int32_t j = 0; j < width; j++) {
            const EI_T value = sum[j] + bias[o + j];
            out[j] = value < 0 ? 0 : value;
          }
        else
          for (int32_t j = 0; j < width; j++) out[j] = sum[j] + bias[o + j];
      }
      w += (ptrdiff_t)panels * p->n_in * EI_WIDTH;
    }
    x += (ptrdiff_t)EI_DENSE_ROWS * p->n_in;
    y += (ptrdiff_t)EI_DENSE_ROWS * p->n_out;
  }
  return EI_OK;
}

#undef EI_WIDTH
#include "ei_float_end.h"
