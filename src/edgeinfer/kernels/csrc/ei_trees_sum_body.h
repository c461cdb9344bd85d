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

/* The same level by level, for trees that have a plan; sets that have nothing better than walks
 * never come here. */
EI_API void EI_JOIN_(ei_trees_sum_levels, EI_THIS)(const ei_trees_params *p, const uint8_t *codes,
                                                   int32_t rows, EI_SUM_T *sums) {
  uint8_t leaf[2 * EI_TREES_LANES];
  const ptrdiff_t stride = (ptrdiff_t)p->n_columns * EI_TREES_LANES;
  const int32_t *tree = p->plan;
  for (int32_t t = 0; t < p->n_trees; t++, tree += 4)
    for (int32_t r = 0; r < rows; r += 2 * EI_TREES_LANES) {
      const int32_t blocks = rows - r > EI_TREES_LANES ? 2 : 1;
      ei_trees_levels(p->plan_levels + (ptrdiff_t)tree[0] * 4,
                      p->plan_levels + (ptrdiff_t)tree[1] * 4, p->plan_tables, p->plan_columns,
                      tree[3] > EI_TREES_NARROW, codes + (ptrdiff_t)r * p->n_columns, stride,
                      blocks, leaf);
      const EI_VALUE_T *v = (const EI_VALUE_T *)p->plan_values + (ptrdiff_t)tree[2] * p->width;
      EI_SUM_T *s = sums + (ptrdiff_t)r * p->n_out + p->targets[t];
      const int32_t lanes = rows - r < 2 * EI_TREES_LANES ? rows - r : 2 * EI_TREES_LANES;
      if (p->n_out == 1) {
        EI_JOIN_(ei_trees_pick_values, EI_VALUE)(v, tree[3], leaf, lanes, s);
      } else if (p->width == 1) {
        for (ptrdiff_t k = 0; k < lanes; k++) s[k * p->n_out] += v[leaf[k]];
      } else if (p->width == 2) {
        for (ptrdiff_t k = 0; k < lanes; k++) {
          s[k * p->n_out] += v[leaf[k] * 2];
          s[k * p->n_out + 1] += v[leaf[k] * 2 + 1];
        }
      } else {
        for (ptrdiff_t k = 0; k < lanes; k++)
          for (int32_t i = 0; i < p->width; i++)
            s[k * p->n_out + i] += v[(ptrdiff_t)leaf[k] * p->width + i];
      }
    }
}

/* Rows in lanes, tree by tree, so that a tree stays in cache while all rows go through it. */
EI_API void EI_JOIN_(ei_trees_sum, EI_THIS)(const ei_trees_params *p, const EI_CODE_T *codes,
                                            int32_t rows, EI_SUM_T *sums, int64_t *ids) {
  if (EI_HAVE_TREES_LEVELS && sizeof(EI_CODE_T) == 1 && p->plan != NULL && ids == NULL &&
      rows >= EI_TREES_LANES / 4) {
    EI_JOIN_(ei_trees_sum_levels, EI_THIS)(p, (const uint8_t *)codes, rows, sums);
    return;
  }
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

/* One row, trees side by side in lanes; sets that cannot do that never come here. */
EI_API void EI_JOIN_(ei_trees_sum_marks, EI_THIS)(const ei_trees_params *p, const uint8_t *codes,
                                                  EI_SUM_T *sums) {
  uint8_t leaf[EI_TREES_MARKED];
  const int32_t *tree = p->plan;
  const int32_t together = 512 / p->mark_bits;
  for (int32_t g = 0, t = 0; g < p->n_marks; g++) {
    const int32_t end = t + together < p->n_trees ? t + together : p->n_trees;
    const ptrdiff_t block = p->marks[g];
    ei_trees_marks(p->mark_tests + block * 128, p->mark_leaves + block * 8 * p->mark_bits,
                   p->marks[g + 1] - p->marks[g], p->mark_bits, p->n_columns, codes, leaf);
    for (int32_t k = 0; t < end; t++, k++, tree += 4) {
      const EI_VALUE_T *v =
          (const EI_VALUE_T *)p->plan_values + ((ptrdiff_t)tree[2] + leaf[k]) * p->width;
      EI_SUM_T *s = sums + p->targets[t];
      for (int32_t i = 0; i < p->width; i++) s[i] += v[i];
    }
  }
}

/* One row, some trees at a time. */
EI_API void EI_JOIN_(ei_trees_sum_row, EI_THIS)(const ei_trees_params *p, const EI_CODE_T *codes,
                                                EI_SUM_T *sums, int64_t *ids) {
  if (EI_HAVE_TREES_MARKS && sizeof(EI_CODE_T) == 1 && p->marks != NULL && ids == NULL) {
    EI_JOIN_(ei_trees_sum_marks, EI_THIS)(p, (const uint8_t *)codes, sums);
    return;
  }
  uint32_t at[EI_TREES_SIDE_BY_SIDE];
  int32_t t = 0;
  for (; t + EI_TREES_SIDE_BY_SIDE <= p->n_trees; t += EI_TREES_SIDE_BY_SIDE) {
    EI_JOIN_(ei_trees_descend, EI_CODE)(p->nodes, p->roots + t, p->deepest, codes, at);
    for (int32_t k = 0; k < EI_TREES_SIDE_BY_SIDE; k++)
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
