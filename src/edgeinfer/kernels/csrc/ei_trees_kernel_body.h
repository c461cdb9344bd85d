/* The kernel of one combination of features, cuts, codes and values; included once per each.
 * Inputs: rows, and maybe what their sums begin with. Outputs: sums, leaves; NULL if unwanted. */
#define EI_ENCODE EI_JOIN_(EI_JOIN_(EI_X, EI_CUT), EI_CODE)
#define EI_ADD    EI_JOIN_(EI_CODE, EI_VALUE)
#define EI_SUM_T  EI_TREE_TYPE(EI_JOIN(sum_, EI_VALUE))
#define EI_OUT_T  EI_TREE_TYPE(EI_JOIN(out_, EI_VALUE))

EI_API ei_status EI_JOIN_(EI_JOIN_(ei_trees, EI_ENCODE), EI_VALUE)(const void *params,
                                                                   const ei_io *io) {
  const ei_trees_params *p = (const ei_trees_params *)params;
  EI_OUT_T *y = (EI_OUT_T *)io->out[0];
  int64_t *ids = p->ids != NULL ? (int64_t *)io->out[1] : NULL;
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n_out;
  EI_SUM_T *sums = y == NULL ? NULL : (EI_SUM_T *)io->scratch;
  EI_TREE_TYPE(EI_CODE) *codes = (EI_TREE_TYPE(EI_CODE) *)((EI_SUM_T *)io->scratch + total);
  EI_JOIN_(ei_trees_encode, EI_ENCODE)
  (p, (const EI_TREE_TYPE(EI_X) *)io->in[0], io->rows, codes);
  if (y != NULL)
    for (int32_t r = 0; r < io->rows; r++)
      for (int32_t k = 0; k < p->n_out; k++)
        sums[(ptrdiff_t)r * p->n_out + k] =
            p->with_init ? (EI_SUM_T)((const EI_OUT_T *)io->in[1])[(ptrdiff_t)r * p->n_out + k]
                         : ((const EI_SUM_T *)p->base)[k];
  EI_JOIN_(ei_trees_sum, EI_ADD)(p, codes, io->rows, sums, ids);
  if (y != NULL)
    for (ptrdiff_t i = 0; i < total; i++)
      y[i] = (EI_OUT_T)sums[i] * (EI_OUT_T)p->scale / (EI_OUT_T)p->divisor;
  return EI_OK;
}

#undef EI_ENCODE
#undef EI_ADD
#undef EI_SUM_T
#undef EI_OUT_T
#undef EI_X
#undef EI_CUT
