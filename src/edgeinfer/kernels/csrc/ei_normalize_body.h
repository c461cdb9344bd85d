/* One norm as a kernel that divides by it; one of (nearly) zero counts as one. Per norm, type. */

EI_API ei_status EI_F(EI_CAT(ei_normalize_, EI_NAME))(const void *params, const ei_io *io) {
  const ei_normalize_params *p = (const ei_normalize_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  const EI_T below = (EI_T)p->below;
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n, y += p->n) {
    EI_T total = 0;
    for (int32_t i = 0; i < p->n; i++) total = EI_FOLD(total, x[i]);
    EI_T norm = EI_FINISH(total);
    if (norm == 0 || EI_M(fabs)(norm) < below) norm = 1;
    for (int32_t i = 0; i < p->n; i++) y[i] = x[i] / norm;
  }
  return EI_OK;
}

#undef EI_NAME
#undef EI_FOLD
#undef EI_FINISH
