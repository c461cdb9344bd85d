/* The kernel of one combination of features, cuts, codes and values; included once per each.
 * Inputs: rows, and maybe what their sums begin with. Outputs: sums, leaves; NULL if unwanted. */
#define EI_ENCODE EI_JOIN_(EI_JOIN_(EI_X, EI_CUT), EI_CODE)
#define EI_ADD    EI_JOIN_(EI_CODE, EI_VALUE)
#define EI_SUM_T  EI_TREE_TYPE(EI_JOIN(sum_, EI_VALUE))
#define EI_OUT_T  EI_TREE_TYPE(EI_JOIN(out_, EI_VALUE))

EI_API ei_status EI_JOIN_(EI_JOIN_(ei_trees, EI_ENCODE), EI_VALUE)(const void *params,
                                                                   const ei_io *io) {
  const ei_trees_params *p = (const ei_trees_params *)params;
  const EI_TREE_TYPE(EI_X) *x = (const EI_TREE_TYPE(EI_X) *)io->in[0];
  EI_OUT_T *y = (EI_OUT_T *)io->out[0];
  int64_t *ids = p->ids != NULL ? (int64_t *)io->out[1] : NULL;
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n_out;
  /* Codes lie in front: lanes of them are aligned as scratch memory is. */
  EI_TREE_TYPE(EI_CODE) *codes = (EI_TREE_TYPE(EI_CODE) *)io->scratch;
  const ptrdiff_t lanes = (io->rows + EI_TREES_LANES - 1) / EI_TREES_LANES * EI_TREES_LANES;
  const int by_lanes = io->rows >= EI_TREES_WALKS / 4;
  EI_SUM_T *sums = NULL;
  if (y != NULL) {
    sums = (EI_SUM_T *)(codes + (by_lanes ? lanes : (ptrdiff_t)EI_TREES_LANES) * p->n_columns);
    for (int32_t r = 0; r < io->rows; r++)
      for (int32_t k = 0; k < p->n_out; k++)
        sums[(ptrdiff_t)r * p->n_out + k] =
            p->with_init ? (EI_SUM_T)((const EI_OUT_T *)io->in[1])[(ptrdiff_t)r * p->n_out + k]
                         : ((const EI_SUM_T *)p->base)[k];
  }
  if (by_lanes) {
    for (int32_t r = 0; r < io->rows; r += EI_TREES_LANES) EI_JOIN_(ei_trees_encode, EI_ENCODE)
    (p, x + (ptrdiff_t)r * p->n_features,
     io->rows - r < EI_TREES_LANES ? io->rows - r : EI_TREES_LANES,
     codes + (ptrdiff_t)r * p->n_columns);
    EI_JOIN_(ei_trees_sum, EI_ADD)(p, codes, io->rows, sums, ids);
  } else {
    for (ptrdiff_t r = 0; r < io->rows; r++) {
      EI_JOIN_(ei_trees_encode_row, EI_ENCODE)(p, x + r * p->n_features, codes);
      EI_JOIN_(ei_trees_sum_row, EI_ADD)
      (p, codes, y != NULL ? sums + r * p->n_out : NULL, ids != NULL ? ids + r * p->n_trees : NULL);
    }
  }
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
