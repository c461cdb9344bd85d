/* Compact trees of one type of input and of values; included once per pair. */
#define EI_JOINED3(name, a, b) ei_##name##_##a##_##b
#define EI_JOINED2(name, a, b) EI_JOINED3(name, a, b)
#define EI_JOINED(name)        EI_JOINED2(name, EI_INPUT, EI_VALUE)

/* The row of values of the leaf that a tree leads to. */
EI_API uint32_t EI_JOINED(trees_small_leaf)(const ei_trees_small_params *p, const uint32_t *tree,
                                            const EI_X_T *x, int missing) {
  const uint32_t first_leaf = (uint32_t)p->first_leaf;
  const uint32_t columns = ((uint32_t)1 << p->rank_shift) - 1;
  const uint32_t ranks = p->wide ? 0xFFFFu : ((uint32_t)1 << (p->left_shift - p->rank_shift)) - 1;
  const uint32_t children = ((uint32_t)1 << (p->right_shift - p->left_shift)) - 1;
  uint32_t at = 0;
  do {
    const uint32_t test = tree[at << p->wide];
    const uint32_t next = tree[(at << p->wide) + (uint32_t)p->wide];
    const uint32_t rank = test >> p->rank_shift & ranks;
#if EI_FLOAT_INPUT
    const int32_t key = (int32_t)ei_bits(x + (test & columns));
    const int left = missing && ei_bits_are_nan(key)
                         ? rank < (uint32_t)p->n_left
                         : (p->negative ? ei_float_key(key) : key) <= p->keys[rank];
    at = left ? next >> p->left_shift & children : next >> p->right_shift;
#else
    (void)missing;
    at = x[test & columns] <= rank ? next >> p->left_shift & children : next >> p->right_shift;
#endif
  } while (at < first_leaf);
  return at - first_leaf;
}

/* Adds what a row of values says; whether the largest sum is settled by it. */
EI_API int EI_JOINED(trees_small_add)(const ei_trees_small_params *p, uint32_t row, int32_t tree,
                                      EI_SUM_T *sums) {
  const EI_VALUE_T *values = (const EI_VALUE_T *)p->values;
  if (p->starts == NULL) {
    sums[p->targets == NULL ? 0 : p->targets[tree]] += values[row];
  } else if (row < (uint32_t)p->n_pure) {
    const EI_SUM_T sum = sums[row] + values[0];
    sums[row] = sum;
    return p->vote && sum > (EI_SUM_T)p->majority;
  } else {
    const uint16_t *starts = p->starts + (row - (uint32_t)p->n_pure);
    const uint32_t end = starts[1];
    for (uint32_t e = starts[0]; e < end; e++) sums[p->classes[e]] += values[e];
  }
  return 0;
}

/* The place of the first largest sum. */
EI_API int32_t EI_JOINED(trees_small_vote)(const ei_trees_small_params *p, const EI_X_T *x,
                                           int missing, EI_SUM_T *sums) {
  const uint32_t *tree = p->nodes;
  for (int32_t t = 0; t < p->n_trees; t++) {
    /* Two walks, so that the usual one does not ask for missing features at every node. */
    const uint32_t row = missing ? EI_JOINED(trees_small_leaf)(p, tree, x, 1)
                                 : EI_JOINED(trees_small_leaf)(p, tree, x, 0);
    if (EI_JOINED(trees_small_add)(p, row, t, sums)) return (int32_t)row;
    tree += (uint32_t)p->sizes[t] << p->wide;
  }
  if (!p->vote) return 0;
  /* From the last on, so that the first of equals is what remains. */
  int32_t best = p->n_out - 1;
  EI_SUM_T most = sums[best];
  for (int32_t k = best - 1; k >= 0; k--)
    if (sums[k] >= most) most = sums[k], best = k;
  return best;
}

EI_API ei_status EI_JOINED(trees_small)(const void *params, const ei_io *io) {
  const ei_trees_small_params *p = (const ei_trees_small_params *)params;
  const EI_X_T *x = (const EI_X_T *)io->in[0];
  EI_SUM_T *sums = (EI_SUM_T *)io->scratch;
  const EI_SUM_T *base = (const EI_SUM_T *)p->base;
  for (int32_t r = 0; r < io->rows; r++, x += p->n_columns) {
    int missing = 0;
#if EI_FLOAT_INPUT
    const ei_status status = ei_trees_small_guard(x, p->n_columns, p->allow_nan, &missing);
    if (status != EI_OK) return status;
#endif
    for (int32_t k = 0; k < p->n_out; k++) sums[k] = base == NULL ? 0 : base[k];
    const int32_t best = EI_JOINED(trees_small_vote)(p, x, missing, sums);
    if (p->vote) {
      ((int32_t *)io->out[0])[r] = best;
    } else {
      EI_OUT_T *y = (EI_OUT_T *)io->out[0] + (ptrdiff_t)r * p->n_out;
      for (int32_t k = 0; k < p->n_out; k++)
        y[k] = (EI_OUT_T)sums[k] * (EI_OUT_T)p->scale / (EI_OUT_T)p->divisor;
    }
  }
  return EI_OK;
}

#undef EI_JOINED
#undef EI_JOINED2
#undef EI_JOINED3
#undef EI_VALUE_T
#undef EI_SUM_T
#undef EI_OUT_T
#undef EI_VALUE
