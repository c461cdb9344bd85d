/* Dense layer of one floating type; included once per type. */
#include "ei_float_begin.h"
#define EI_WIDTH EI_F(EI_PANEL)

/* Sums of one row and panel -> outputs. */
EI_API void EI_F(ei_dense_finish)(const ei_dense_params *p, const EI_T *sums, int32_t first,
                                  EI_T *y) {
  const EI_T *bias = (const EI_T *)p->bias + first;
  const int32_t width = p->n_out - first < EI_WIDTH ? p->n_out - first : EI_WIDTH;
  for (int32_t j = 0; j < width; j++) {
    const EI_T value = sums[j] + bias[j];
    y[first + j] = p->relu && value < 0 ? 0 : value;
  }
}

EI_API ei_status EI_F(ei_dense)(const void *params, const ei_io *io) {
  const ei_dense_params *p = (const ei_dense_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  EI_T sums[EI_TILE_ROWS * EI_WIDTH];
  for (int32_t left = io->rows; left > 0; left -= EI_TILE_ROWS) {
    const int32_t rows = left < EI_TILE_ROWS ? left : EI_TILE_ROWS;
    const EI_T *w = (const EI_T *)p->weights;
    for (int32_t o = 0; o < p->n_out; o += EI_WIDTH, w += p->n_in * EI_WIDTH) {
      if (rows == EI_TILE_ROWS) {
        EI_F(ei_tile_dots)(x, p->n_in, p->n_in, w, sums, EI_WIDTH);
      } else {
        for (int32_t r = 0; r < rows; r++)
          EI_F(ei_row_dots)(x + r * p->n_in, p->n_in, w, sums + r * EI_WIDTH);
      }
      for (int32_t r = 0; r < rows; r++)
        EI_F(ei_dense_finish)(p, sums + r * EI_WIDTH, o, y + r * p->n_out);
    }
    x += EI_TILE_ROWS * p->n_in;
    y += EI_TILE_ROWS * p->n_out;
  }
  return EI_OK;
}

#undef EI_WIDTH
#include "ei_float_end.h"
