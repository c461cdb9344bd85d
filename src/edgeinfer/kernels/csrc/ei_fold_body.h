/* One reduction of the last axis as a kernel; included once per reduction and type. */

EI_API ei_status EI_F(EI_CAT(ei_reduce_, EI_NAME))(const void *params, const ei_io *io) {
  const ei_reduce_params *p = (const ei_reduce_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n) {
    EI_T total = EI_START;
    for (int32_t i = 0; i < p->n; i++) total = EI_FOLD(total, x[i]);
    y[r] = total;
  }
  return EI_OK;
}

#undef EI_NAME
#undef EI_START
#undef EI_FOLD
