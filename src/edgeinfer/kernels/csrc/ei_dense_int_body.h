/* Integer dense layer of one combination of types; included once per combination. */
#define EI_CAT2(a, b) a##b
#define EI_CAT(a, b)  EI_CAT2(a, b)

EI_API ei_status EI_CAT(ei_dense_, EI_KIND)(const void *params, const ei_io *io) {
  const ei_dense_int_params *p = (const ei_dense_int_params *)params;
  const EI_X *x = (const EI_X *)io->in[0];
  EI_Y *y = (EI_Y *)io->out[0];
  EI_STAGED *staged = (EI_STAGED *)io->scratch;
  const int32_t groups = (p->n_in + EI_GROUP - 1) / EI_GROUP;
  const ptrdiff_t stride = (ptrdiff_t)groups * EI_GROUP;
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  const int32_t done = EI_WIDE(p, x, runs, y);
  if (done == p->n_out) return EI_OK;
  for (ptrdiff_t run = 0; run < runs; run += EI_INT_ROWS) {
    const int32_t rows = runs - run < EI_INT_ROWS ? (int32_t)(runs - run) : EI_INT_ROWS;
    EI_STAGE(x + run * p->n_in, rows, p->n_in, stride, staged);
    const EI_W *w = (const EI_W *)p->weights + done * stride;
    const EI_ACC *bias = (const EI_ACC *)p->bias + done;
    for (int32_t o = done; o < p->n_out; o += EI_INT_STRIDE) {
      const int32_t width = p->n_out - o < EI_INT_STRIDE ? p->n_out - o : EI_INT_STRIDE;
      const int32_t panels = (width + EI_LANES - 1) / EI_LANES;
      EI_ACC acc[EI_INT_ROWS * EI_INT_STRIDE];
      EI_DOT(staged, stride, rows, w, groups, panels, bias, acc);
      EI_FINISH(p, o, width, rows, acc, y + run * p->n_out + o);
      w += stride * panels * EI_LANES;
      bias += panels * EI_LANES;
    }
  }
  return EI_OK;
}

#undef EI_CAT
#undef EI_CAT2
#undef EI_KIND
#undef EI_FINISH
#undef EI_WIDE
#undef EI_Y
