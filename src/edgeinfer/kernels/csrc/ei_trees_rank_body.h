/* The rank of one value among sorted cuts of type EI_CUT; included once per type. */

/* How many of a group's cuts are smaller than x; none for NaN. Sets that compare sixteen values at
 * once go down a tree of pivots instead, which comes to the same. */
#if !defined(EI_HAVE_TREES_RANK)
EI_API int32_t EI_JOIN_(ei_trees_rank, EI_CUT)(const EI_TREE_TYPE(EI_CUT) * cuts,
                                               const int32_t *levels, const int32_t *group,
                                               EI_TREE_TYPE(EI_CUT) x) {
  const EI_TREE_TYPE(EI_CUT) *first = cuts + group[1];
  ptrdiff_t at = 0, n = group[2];
  (void)levels;
  if (n == 0) return 0;
  while (n > 1) {
    const ptrdiff_t half = n / 2;
    at += (first[at + half - 1] < x) * half;
    n -= half;
  }
  return (int32_t)at + (first[at] < x);
}
#endif

/* The ranks of EI_TREES_LANES values. */
#if !defined(EI_HAVE_TREES_RANKS)
EI_API void EI_JOIN_(ei_trees_ranks, EI_CUT)(const EI_TREE_TYPE(EI_CUT) * cuts,
                                             const int32_t *levels, const float *pivots,
                                             const int32_t *group, const EI_TREE_TYPE(EI_CUT) * x,
                                             int32_t *rank) {
  (void)pivots;
#if defined(EI_HAVE_TREES_RANK)
  for (int32_t k = 0; k < EI_TREES_LANES; k++)
    rank[k] = EI_JOIN_(ei_trees_rank, EI_CUT)(cuts, levels, group, x[k]);
#else
  /* Eight searches side by side, each waiting for its own loads only. */
  const EI_TREE_TYPE(EI_CUT) *first = cuts + group[1];
  (void)levels;
  for (int32_t k = 0; k < EI_TREES_LANES; k += EI_TREES_SIDE_BY_SIDE) {
    int32_t at[EI_TREES_SIDE_BY_SIDE] = {0};
    int32_t n = group[2];
    for (; n > 1; n -= n / 2)
      for (int32_t j = 0; j < EI_TREES_SIDE_BY_SIDE; j++)
        at[j] += (first[at[j] + n / 2 - 1] < x[k + j]) * (n / 2);
    for (int32_t j = 0; j < EI_TREES_SIDE_BY_SIDE; j++)
      rank[k + j] = n > 0 ? at[j] + (first[at[j]] < x[k + j]) : 0;
  }
#endif
}
#endif

#undef EI_CUT
