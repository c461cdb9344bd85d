/* The search by codes for rows of one floating type; included once per type. */
#include "ei_float_begin.h"

EI_API ei_status EI_F(ei_neighbors_codes)(const void *params, const ei_io *io) {
  const ei_neighbors_codes_params *p = (const ei_neighbors_codes_params *)params;
  char *scratch = (char *)io->scratch;
  const double *x = EI_F(ei_widened)((const EI_T *)io->in[0], io->rows, p->n_in, &scratch);
  const ei_codes_memory memory = ei_codes_divide(p, scratch, io->rows);
  const ei_status status = ei_neighbors_codes_search(p, x, io->rows, &memory);
  if (status == EI_OK)
    EI_F(ei_nearest_write)(p->k, p->metric, 2.0, memory.heaps, io->rows, (EI_T *)io->out[0],
                           (int64_t *)io->out[1]);
  return status;
}

#include "ei_float_end.h"
