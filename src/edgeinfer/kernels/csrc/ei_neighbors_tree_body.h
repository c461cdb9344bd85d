/* The search by a tree for rows of one floating type; included once per type. */
#include "ei_float_begin.h"

EI_API ei_status EI_F(ei_neighbors_tree)(const void *params, const ei_io *io) {
  const ei_neighbors_tree_params *p = (const ei_neighbors_tree_params *)params;
  char *scratch = (char *)io->scratch;
  const double *x = EI_F(ei_widened)((const EI_T *)io->in[0], io->rows, p->n_in, &scratch);
  for (int32_t r = 0; r < io->rows; r++, x += p->n_in) {
    const ei_nearest heap = ei_nearest_of(p->k, scratch, io->rows, r);
    ei_nearest_clear(&heap);
    ei_tree_search(p, x, &heap);
    if (heap.values[0] >= DBL_MAX) return EI_INF; /* fewer than k points at a finite distance */
    ei_nearest_sort(&heap);
  }
  EI_F(ei_nearest_write)(p->k, p->metric, p->p, scratch, io->rows, (EI_T *)io->out[0],
                         (int64_t *)io->out[1]);
  return EI_OK;
}

#include "ei_float_end.h"
