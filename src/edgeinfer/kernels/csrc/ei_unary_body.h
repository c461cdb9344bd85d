/* One function of one operand, EI_OF(x), as a kernel; included once per function and type. */

EI_API ei_status EI_F(EI_CAT(ei_, EI_NAME))(const void *params, const ei_io *io) {
  const ei_unary_params *p = (const ei_unary_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) y[i] = EI_OF(x[i]);
  return EI_OK;
}

#undef EI_NAME
#undef EI_OF
