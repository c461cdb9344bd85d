/* The search for one integer type; included once per type. */

EI_API double EI_Q_(ei_codes_apart)(const EI_Q *x, const EI_Q *point, int32_t n, int32_t metric) {
  EI_SUM total = 0;
  if (metric == EI_MANHATTAN) {
    for (int32_t i = 0; i < n; i++) {
      const EI_SUM apart = (EI_SUM)x[i] - point[i];
      total += apart < 0 ? -apart : apart;
    }
  } else if (metric == EI_CHEBYSHEV) {
    for (int32_t i = 0; i < n; i++) {
      const EI_SUM apart = (EI_SUM)x[i] - point[i], size = apart < 0 ? -apart : apart;
      total = size > total ? size : total;
    }
  } else {
    for (int32_t i = 0; i < n; i++) {
      const EI_SUM apart = (EI_SUM)x[i] - point[i];
      total += apart * apart;
    }
  }
  return (double)total;
}

EI_API ei_status EI_Q_(ei_neighbors)(const void *params, const ei_io *io) {
  const ei_neighbors_int_params *p = (const ei_neighbors_int_params *)params;
  char *heaps = (char *)io->scratch;
  char *room = ei_nearest_room(p->k, &heaps);
  float *distances = (float *)io->out[0];
  int64_t *indices = (int64_t *)io->out[1];
  const int32_t step = EI_POINTS_BYTES / (p->n_in * (int32_t)sizeof(EI_Q)) + 1;
  for (int32_t r = 0; r < io->rows; r++) {
    const ei_nearest heap = ei_nearest_of(p->k, heaps, io->rows, r);
    ei_nearest_clear(&heap);
  }
  for (int32_t first = 0; first < p->n_points; first += step) {
    const int32_t last = p->n_points - first < step ? p->n_points : first + step;
    const EI_Q *x = (const EI_Q *)io->in[0];
    for (int32_t r = 0; r < io->rows; r++, x += p->n_in) {
      const ei_nearest heap = ei_nearest_of(p->k, heaps, io->rows, r);
      const EI_Q *point = (const EI_Q *)p->codes + (ptrdiff_t)first * p->n_in;
      for (int32_t i = first; i < last; i++, point += p->n_in)
        ei_nearest_offer(&heap, EI_Q_(ei_codes_apart)(x, point, p->n_in, p->metric), i);
    }
  }
  for (int32_t r = 0; r < io->rows; r++, distances += p->k, indices += p->k) {
    const ei_nearest heap = ei_nearest_of(p->k, heaps, io->rows, r);
    ei_nearest_finish(&heap, room);
    for (int32_t i = 0; i < p->k; i++) {
      distances[i] = ei_neighbors_int_distance(p, heap.values[i]);
      indices[i] = heap.indices[i];
    }
  }
  return EI_OK;
}

#undef EI_Q
#undef EI_SUM
#undef EI_Q_
