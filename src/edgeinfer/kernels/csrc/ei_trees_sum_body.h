/* Walks and sums on codes of type EI_CODE and values of type EI_VALUE; included once per pair. */
#define EI_THIS    EI_JOIN_(EI_CODE, EI_VALUE)
#define EI_CODE_T  EI_TREE_TYPE(EI_CODE)
#define EI_VALUE_T EI_TREE_TYPE(EI_VALUE)
#define EI_SUM_T   EI_TREE_TYPE(EI_JOIN(sum_, EI_VALUE))

/* Add what a leaf is worth to a row's sums, note its name; either may be unwanted (NULL). */
EI_API void EI_JOIN_(ei_trees_add, EI_THIS)(const ei_trees_params *p, uint32_t at, int32_t tree,
                                            EI_SUM_T *sums, int64_t *ids) {
  if (sums != NULL) {
    const EI_VALUE_T *v = (const EI_VALUE_T *)p->values + (ptrdiff_t)p->leaves[at] * p->width;
    EI_SUM_T *s = sums + p->targets[tree];
    for (int32_t k = 0; k < p->width; k++) s[k] += v[k];
  }
  if (ids != NULL) ids[tree] = p->ids[at];
}

/* Tree by tree, so that a tree stays in cache while all rows go through it. */
EI_API void EI_JOIN_(ei_trees_sum, EI_THIS)(const ei_trees_params *p, const EI_CODE_T *codes,
                                            int32_t rows, EI_SUM_T *sums, int64_t *ids) {
  uint32_t at[EI_TREES_LANES];
  const int32_t n_sums = sums != NULL ? p->n_out : 0, n_ids = ids != NULL ? p->n_trees : 0;
  for (int32_t t = 0; t < p->n_trees; t++) {
    int32_t r = 0;
    for (; r + EI_TREES_LANES <= rows; r += EI_TREES_LANES) {
      EI_JOIN_(ei_trees_walk, EI_CODE)
      (p->nodes, p->roots[t], p->depths[t], codes + (ptrdiff_t)r * p->n_columns, p->n_columns, at);
      for (int32_t k = 0; k < EI_TREES_LANES; k++) EI_JOIN_(ei_trees_add, EI_THIS)
      (p, at[k], t, sums + (ptrdiff_t)(r + k) * n_sums, ids + (ptrdiff_t)(r + k) * n_ids);
    }
    for (; r < rows; r++) {
      at[0] = EI_JOIN_(ei_trees_walk_one, EI_CODE)(p->nodes, p->roots[t], p->depths[t],
                                                   codes + (ptrdiff_t)r * p->n_columns);
      EI_JOIN_(ei_trees_add, EI_THIS)
      (p, at[0], t, sums + (ptrdiff_t)r * n_sums, ids + (ptrdiff_t)r * n_ids);
    }
  }
}

#undef EI_THIS
#undef EI_CODE_T
#undef EI_VALUE_T
#undef EI_SUM_T
