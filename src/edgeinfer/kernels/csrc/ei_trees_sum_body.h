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

/* Rows in lanes, tree by tree, so that a tree stays in cache while all rows go through it. */
EI_API void EI_JOIN_(ei_trees_sum, EI_THIS)(const ei_trees_params *p, const EI_CODE_T *codes,
                                            int32_t rows, EI_SUM_T *sums, int64_t *ids) {
  uint32_t at[EI_TREES_WALKS];
  const ptrdiff_t n_sums = sums != NULL ? p->n_out : 0, n_ids = ids != NULL ? p->n_trees : 0;
  for (int32_t t = 0; t < p->n_trees; t++)
    for (int32_t r = 0; r < rows; r += EI_TREES_WALKS) {
      const ptrdiff_t block = (ptrdiff_t)(r / EI_TREES_LANES) * p->n_columns;
      EI_JOIN_(ei_trees_walk, EI_CODE)
      (p->nodes, p->roots[t], p->depths[t], codes + block * EI_TREES_LANES + r % EI_TREES_LANES,
       at);
      const int32_t left = rows - r < EI_TREES_WALKS ? rows - r : EI_TREES_WALKS;
      for (int32_t k = 0; k < left; k++)
        EI_JOIN_(ei_trees_add, EI_THIS)(p, at[k], t, sums + (r + k) * n_sums,
                                        ids + (r + k) * n_ids);
    }
}

/* One row, some trees at a time. */
EI_API void EI_JOIN_(ei_trees_sum_row, EI_THIS)(const ei_trees_params *p, const EI_CODE_T *codes,
                                                EI_SUM_T *sums, int64_t *ids) {
  uint32_t at[EI_TREES_WALKS];
  int32_t t = 0;
  for (; t + EI_TREES_WALKS <= p->n_trees; t += EI_TREES_WALKS) {
    EI_JOIN_(ei_trees_descend, EI_CODE)(p->nodes, p->roots + t, p->deepest, codes, at);
    for (int32_t k = 0; k < EI_TREES_WALKS; k++)
      EI_JOIN_(ei_trees_add, EI_THIS)(p, at[k], t + k, sums, ids);
  }
  for (; t < p->n_trees; t++) {
    at[0] = EI_JOIN_(ei_trees_descend_one, EI_CODE)(p->nodes, p->roots[t], p->depths[t], codes);
    EI_JOIN_(ei_trees_add, EI_THIS)(p, at[0], t, sums, ids);
  }
}

#undef EI_THIS
#undef EI_CODE_T
#undef EI_VALUE_T
#undef EI_SUM_T
