/* From features of type EI_X to codes, by cuts of type EI_CUT; included once per combination.
 * A feature is rounded to the cuts' type before it is compared, as the source does. */
#define EI_THIS   EI_JOIN_(EI_JOIN_(EI_X, EI_CUT), EI_CODE)
#define EI_CUT_T  EI_TREE_TYPE(EI_CUT)
#define EI_CODE_T EI_TREE_TYPE(EI_CODE)

/* How many of the n sorted cuts are smaller than x; none for NaN. */
EI_API int32_t EI_JOIN_(ei_trees_rank, EI_THIS)(const EI_CUT_T *cuts, int32_t n, EI_CUT_T x) {
  const EI_CUT_T *first = cuts;
  if (n == 0) return 0;
  while (n > 1) {
    const int32_t half = n / 2;
    first += first[half - 1] < x ? half : 0;
    n -= half;
  }
  return (int32_t)(first - cuts) + (*first < x);
}

EI_API void EI_JOIN_(ei_trees_encode, EI_THIS)(const ei_trees_params *p,
                                               const EI_TREE_TYPE(EI_X) * x, int32_t rows,
                                               EI_CODE_T *codes) {
  const EI_CUT_T *cuts = (const EI_CUT_T *)p->cuts;
  for (int32_t r = 0; r < rows; r++, x += p->n_features, codes += p->n_columns) {
    const int32_t *group = p->groups;
    for (int32_t g = 0; g < p->n_groups; g++, group += 6) {
      const EI_CUT_T value = (EI_CUT_T)x[group[0]];
      const EI_CUT_T *own = cuts + group[1];
      const int32_t n = group[2];
      const int32_t rank = EI_JOIN_(ei_trees_rank, EI_THIS)(own, n, value);
      const int missing =
          value != value || (group[5] == EI_TREES_CATEGORIES && !(rank < n && own[rank] == value));
      const int32_t *column = p->columns + (ptrdiff_t)group[3] * 3;
      for (int32_t c = group[3]; c < group[4]; c++, column += 3) {
        int32_t code = rank - column[0];
        if (missing) {
          code = column[2];
        } else if (group[5] == EI_TREES_CATEGORIES) {
          const int32_t bit = column[0] + rank;
          code = !((p->bits[bit >> 3] >> (bit & 7)) & 1);
        } else if (code < 0) {
          code = 0;
        } else if (code > column[1]) {
          code = column[1];
        }
        codes[c] = (EI_CODE_T)code;
      }
    }
  }
}

#undef EI_THIS
#undef EI_CUT_T
#undef EI_CODE_T
#undef EI_X
#undef EI_CUT
