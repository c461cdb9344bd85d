/* One function of two operands, EI_OF(x, c), as kernels; included once per function and type. */

EI_API ei_status EI_F(EI_CAT(EI_CAT(ei_, EI_NAME), _const))(const void *params, const ei_io *io) {
  const ei_binary_const_params *p = (const ei_binary_const_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  const EI_T *c = (const EI_T *)p->constant;
  EI_T *y = (EI_T *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n, y += p->n)
    for (int32_t i = 0; i < p->n; i++) y[i] = EI_OF(x[i], c[i]);
  return EI_OK;
}

EI_API ei_status EI_F(EI_CAT(ei_, EI_NAME))(const void *params, const ei_io *io) {
  const ei_binary_params *p = (const ei_binary_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  const EI_T *b = (const EI_T *)io->in[1];
  EI_T *y = (EI_T *)io->out[0];
  const int32_t step = p->n_b == p->n;
  for (int32_t r = 0; r < io->rows; r++, x += p->n, y += p->n, b += p->n_b)
    for (int32_t i = 0; i < p->n; i++) y[i] = EI_OF(x[i], b[i * step]);
  return EI_OK;
}

#undef EI_NAME
#undef EI_OF
