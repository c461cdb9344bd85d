/* The search for rows of one floating type; included once per type. */
#include "ei_float_begin.h"

EI_API ei_status EI_F(ei_neighbors)(const void *params, const ei_io *io) {
  const ei_neighbors_params *p = (const ei_neighbors_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *distances = (EI_T *)io->out[0];
  int64_t *indices = (int64_t *)io->out[1];
  char *scratch = (char *)io->scratch;
#if EI_FLOAT_BITS == 64
  const double *rows = x;
#else
  double *rows = (double *)io->scratch;
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n_in;
  for (ptrdiff_t i = 0; i < total; i++) rows[i] = (double)x[i];
  scratch += ei_aligned(total * (ptrdiff_t)sizeof(double));
#endif
  const ei_status status = ei_neighbors_search(p, rows, io->rows, scratch);
  if (status != EI_OK) return status;
  for (int32_t r = 0; r < io->rows; r++, distances += p->k, indices += p->k) {
    const ei_nearest heap = ei_neighbors_heap(p, scratch, io->rows, r);
    for (int32_t i = 0; i < p->k; i++) {
      distances[i] = (EI_T)ei_neighbors_distance(p, heap.values[i]);
      indices[i] = heap.indices[i];
    }
  }
  return EI_OK;
}

#include "ei_float_end.h"
