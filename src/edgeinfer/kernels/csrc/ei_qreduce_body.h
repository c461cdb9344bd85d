/* Reductions of one integer type over the middle of three axes; included once per type. */

EI_API ei_status EI_Q_(ei_qsum)(const void *params, const ei_io *io) {
  const ei_qreduce_params *p = (const ei_qreduce_params *)params;
  const EI_Q *x = (const EI_Q *)io->in[0];
  EI_Q *y = (EI_Q *)io->out[0];
  int32_t *sum = (int32_t *)io->scratch;
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->outer;
  for (ptrdiff_t r = 0; r < runs; r++, y += p->inner) {
    for (int32_t j = 0; j < p->inner; j++) sum[j] = -p->zero;
    for (int32_t i = 0; i < p->n; i++, x += p->inner)
      for (int32_t j = 0; j < p->inner; j++) sum[j] += x[j];
    for (int32_t j = 0; j < p->inner; j++) {
      const int64_t value = ei_rescale_i32(sum[j], p->multiplier, p->shift);
      const int64_t moved = value + p->y_zero;
      y[j] = (EI_Q)(moved < EI_Q_MIN ? EI_Q_MIN : (moved > EI_Q_MAX ? EI_Q_MAX : moved));
    }
  }
  return EI_OK;
}

EI_API ei_status EI_Q_(ei_qmax)(const void *params, const ei_io *io) {
  const ei_qreduce_params *p = (const ei_qreduce_params *)params;
  const EI_Q *x = (const EI_Q *)io->in[0];
  EI_Q *y = (EI_Q *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->outer;
  for (ptrdiff_t r = 0; r < runs; r++, y += p->inner) {
    for (int32_t j = 0; j < p->inner; j++) y[j] = EI_Q_MIN;
    for (int32_t i = 0; i < p->n; i++, x += p->inner)
      for (int32_t j = 0; j < p->inner; j++) y[j] = x[j] > y[j] ? x[j] : y[j];
  }
  return EI_OK;
}

EI_API ei_status EI_Q_(ei_qmin)(const void *params, const ei_io *io) {
  const ei_qreduce_params *p = (const ei_qreduce_params *)params;
  const EI_Q *x = (const EI_Q *)io->in[0];
  EI_Q *y = (EI_Q *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->outer;
  for (ptrdiff_t r = 0; r < runs; r++, y += p->inner) {
    for (int32_t j = 0; j < p->inner; j++) y[j] = EI_Q_MAX;
    for (int32_t i = 0; i < p->n; i++, x += p->inner)
      for (int32_t j = 0; j < p->inner; j++) y[j] = x[j] < y[j] ? x[j] : y[j];
  }
  return EI_OK;
}

#undef EI_Q
#undef EI_Q_
#undef EI_Q_MIN
#undef EI_Q_MAX
