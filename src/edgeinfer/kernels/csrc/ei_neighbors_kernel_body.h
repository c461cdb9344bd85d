/* The search for rows of one floating type; included once per type. */
#include "ei_float_begin.h"

/* Rows as double: where they are, or at the front of the scratch memory. */
EI_API const double *EI_F(ei_widened)(const EI_T *x, int32_t rows, int32_t n, char **scratch) {
#if EI_FLOAT_BITS == 64
  (void)rows, (void)n, (void)scratch;
  return x;
#else
  double *wide = (double *)(void *)*scratch;
  const ptrdiff_t total = (ptrdiff_t)rows * n;
  for (ptrdiff_t i = 0; i < total; i++) wide[i] = (double)x[i];
  *scratch += ei_aligned(total * (ptrdiff_t)sizeof(double));
  return wide;
#endif
}

/* The sorted heaps of all rows as distances and indices. */
EI_API void EI_F(ei_nearest_write)(int32_t k, int32_t metric, double power, char *heaps,
                                   int32_t rows, EI_T *distances, int64_t *indices) {
  for (int32_t r = 0; r < rows; r++, distances += k, indices += k) {
    const ei_nearest heap = ei_nearest_of(k, heaps, rows, r);
    for (int32_t i = 0; i < k; i++) {
      distances[i] = (EI_T)ei_nearest_distance(metric, power, heap.values[i]);
      indices[i] = heap.indices[i];
    }
  }
}

EI_API ei_status EI_F(ei_neighbors)(const void *params, const ei_io *io) {
  const ei_neighbors_params *p = (const ei_neighbors_params *)params;
  char *scratch = (char *)io->scratch;
  const double *x = EI_F(ei_widened)((const EI_T *)io->in[0], io->rows, p->n_in, &scratch);
  char *heaps = scratch + ei_aligned((ptrdiff_t)p->k * 12) + ei_aligned((ptrdiff_t)io->rows * 8);
  const ei_status status = ei_neighbors_search(p, x, io->rows, scratch, heaps);
  if (status == EI_OK)
    EI_F(ei_nearest_write)(p->k, p->metric, p->p, heaps, io->rows, (EI_T *)io->out[0],
                           (int64_t *)io->out[1]);
  return status;
}

#include "ei_float_end.h"
