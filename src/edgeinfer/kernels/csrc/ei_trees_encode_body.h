/* From features of type EI_X to codes, by cuts of type EI_CUT; included once per combination.
 * A feature is rounded to the cuts' type before it is compared, as the source does. */
#define EI_THIS   EI_JOIN_(EI_JOIN_(EI_X, EI_CUT), EI_CODE)
#define EI_CUT_T  EI_TREE_TYPE(EI_CUT)
#define EI_CODE_T EI_TREE_TYPE(EI_CODE)

/* The codes of one row, column behind column. */
EI_API void EI_JOIN_(ei_trees_encode_row, EI_THIS)(const ei_trees_params *p,
                                                   const EI_TREE_TYPE(EI_X) * x, EI_CODE_T *codes) {
  const EI_CUT_T *cuts = (const EI_CUT_T *)p->cuts;
  const int32_t *group = p->groups, *column = p->columns;
  for (int32_t g = 0; g < p->n_groups; g++, group += EI_TREES_GROUP) {
    const EI_CUT_T value = (EI_CUT_T)x[group[0]];
    const int32_t rank = EI_JOIN_(ei_trees_rank, EI_CUT)(cuts, p->levels, group, value);
    const int known =
        value == value && (group[5] == EI_TREES_NUMBERS ||
                           (rank < group[2] && cuts[(ptrdiff_t)group[1] + rank] == value));
    for (int32_t c = group[3]; c < group[4]; c++, column += 3)
      codes[c] = (EI_CODE_T)(known ? ei_trees_code(p, group, column, rank) : column[2]);
  }
}

/* The codes of up to EI_TREES_LANES rows: lanes side by side for each column. */
EI_API void EI_JOIN_(ei_trees_encode, EI_THIS)(const ei_trees_params *p,
                                               const EI_TREE_TYPE(EI_X) * x, int32_t rows,
                                               EI_CODE_T *codes) {
  const EI_CUT_T *cuts = (const EI_CUT_T *)p->cuts;
  const int32_t *group = p->groups, *column = p->columns;
  EI_CUT_T value[EI_TREES_LANES];
  int32_t rank[EI_TREES_LANES];
  for (int32_t k = rows; k < EI_TREES_LANES; k++) value[k] = 0;
  for (int32_t g = 0; g < p->n_groups; g++, group += EI_TREES_GROUP) {
    for (int32_t k = 0; k < rows; k++)
      value[k] = (EI_CUT_T)x[(ptrdiff_t)k * p->n_features + group[0]];
    EI_JOIN_(ei_trees_ranks, EI_CUT)(cuts, p->levels, p->pivots, group, value, rank);
    int unknown = 0;
    for (int32_t k = 0; k < EI_TREES_LANES; k++) unknown |= value[k] != value[k];
    if (group[5] == EI_TREES_CATEGORIES) {
      /* A rank that no code can be stands for what is not among the categories. */
      for (int32_t k = 0; k < EI_TREES_LANES; k++)
        if (rank[k] >= group[2] || cuts[(ptrdiff_t)group[1] + rank[k]] != value[k]) rank[k] = -1;
      unknown = 1;
    } else if (unknown) {
      for (int32_t k = 0; k < EI_TREES_LANES; k++)
        if (value[k] != value[k]) rank[k] = -1;
    }
    for (int32_t c = group[3]; c < group[4]; c++, column += 3) {
      /* A copy of its own, so that nothing the loops read can be what they write. */
      EI_CODE_T code[EI_TREES_LANES];
      const int32_t first = column[0], most = column[1];
      if (unknown) {
        for (int32_t k = 0; k < EI_TREES_LANES; k++)
          code[k] =
              (EI_CODE_T)(rank[k] >= 0 ? ei_trees_code(p, group, column, rank[k]) : column[2]);
      } else if (first == 0 && most == group[2]) {
        for (int32_t k = 0; k < EI_TREES_LANES; k++) code[k] = (EI_CODE_T)rank[k];
      } else {
        for (int32_t k = 0; k < EI_TREES_LANES; k++) {
          const int32_t above = rank[k] > first ? rank[k] - first : 0;
          code[k] = (EI_CODE_T)(above < most ? above : most);
        }
      }
      memcpy(codes + (ptrdiff_t)c * EI_TREES_LANES, code, sizeof code);
    }
  }
}

#undef EI_THIS
#undef EI_CUT_T
#undef EI_CODE_T
#undef EI_X
#undef EI_CUT
