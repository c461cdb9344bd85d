/* A step of an integer SVDF layer with one type of state; included once per type. */

EI_API ei_status EI_SVDF(const void *params, const ei_io *io) {
  const ei_svdf_params *p = (const ei_svdf_params *)params;
  const int8_t *x = (const int8_t *)io->in[0];
  const EI_SVDF_T *state = (const EI_SVDF_T *)io->in[1];
  int8_t *y = (int8_t *)io->out[0];
  EI_SVDF_T *next = (EI_SVDF_T *)io->out[1];
  const EI_SVDF_T *time = (const EI_SVDF_T *)p->time;
  const int32_t memory = p->memory, filters = p->units * p->rank;
  const ptrdiff_t size = (ptrdiff_t)filters * memory;
  for (ptrdiff_t r = 0; r < (ptrdiff_t)io->rows; r++) {
    for (int32_t f = 0; f < filters; f++) {
      const int8_t *w = p->feature + (ptrdiff_t)f * p->inputs;
      const EI_SVDF_T *before = state + (ptrdiff_t)f * memory;
      EI_SVDF_T *after = next + (ptrdiff_t)f * memory;
      int32_t sum = 0;
      for (int32_t i = 0; i < p->inputs; i++) sum += w[i] * (x[i] - p->x_zero);
      for (int32_t t = 0; t + 1 < memory; t++) after[t] = before[t + 1];
      sum = ei_rescale_i32(sum, p->x_multiplier, p->x_shift);
      after[memory - 1] = (EI_SVDF_T)ei_clamp_i32(sum, EI_SVDF_LOW, EI_SVDF_HIGH);
    }
    const ptrdiff_t width = (ptrdiff_t)p->rank * memory;
    for (int32_t u = 0; u < p->units; u++) {
      const EI_SVDF_T *w = time + u * width, *values = next + u * width;
      /* Unsigned: the reference's sums of 32 bits may run over. */
      uint32_t sum = (uint32_t)p->bias[u];
      for (ptrdiff_t i = 0; i < width; i++) sum += (uint32_t)((int32_t)w[i] * values[i]);
      const int32_t scaled = ei_rescale_i32((int32_t)sum, p->y_multiplier, p->y_shift);
      y[u] = (int8_t)ei_output_i32(scaled, p->y_zero, INT8_MIN, INT8_MAX);
    }
    x += p->inputs;
    y += p->units;
    state += size;
    next += size;
  }
  return EI_OK;
}

#undef EI_SVDF
#undef EI_SVDF_T
#undef EI_SVDF_LOW
#undef EI_SVDF_HIGH
