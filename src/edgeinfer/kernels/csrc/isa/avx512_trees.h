/* Ranks among sorted cuts, sixteen comparisons at a time. */
#define EI_HAVE_TREES_RANK  1
#define EI_HAVE_TREES_RANKS 1

EI_API int32_t ei_trees_rank_f32(const float *cuts, const int32_t *levels, const int32_t *group,
                                 float x) {
  const __m512 value = _mm512_set1_ps(x);
  const int32_t *level = levels + group[6];
  int32_t at = 0;
  for (int32_t n = group[7]; n > 0; n--, level++) {
    const __m512 pivots = _mm512_loadu_ps(cuts + *level + at * 16);
    at = at * 16 + __builtin_popcount(_mm512_cmp_ps_mask(pivots, value, _CMP_LT_OQ));
  }
  return at;
}

EI_API int32_t ei_trees_rank_f64(const double *cuts, const int32_t *levels, const int32_t *group,
                                 double x) {
  const __m512d value = _mm512_set1_pd(x);
  const int32_t *level = levels + group[6];
  int32_t at = 0;
  for (int32_t n = group[7]; n > 0; n--, level++) {
    const double *pivots = cuts + *level + at * 16;
    const __mmask8 low = _mm512_cmp_pd_mask(_mm512_loadu_pd(pivots), value, _CMP_LT_OQ);
    const __mmask8 high = _mm512_cmp_pd_mask(_mm512_loadu_pd(pivots + 8), value, _CMP_LT_OQ);
    at = at * 16 + __builtin_popcount(_mm512_kunpackb(high, low));
  }
  return at;
}

/* The ranks of 64 values, level by level: the searches wait for their own loads only. */
EI_API void ei_trees_ranks_f32(const float *cuts, const int32_t *levels, const int32_t *group,
                               const float *x, int32_t *rank) {
  for (int32_t k = 0; k < 64; k++) rank[k] = 0;
  for (int32_t l = group[6]; l < group[6] + group[7]; l++) {
    const float *level = cuts + levels[l];
    for (int32_t k = 0; k < 64; k++) {
      const ptrdiff_t at = (ptrdiff_t)rank[k] * 16;
      const __mmask16 below =
          _mm512_cmp_ps_mask(_mm512_loadu_ps(level + at), _mm512_set1_ps(x[k]), _CMP_LT_OQ);
      rank[k] = (int32_t)at + __builtin_popcount(below);
    }
  }
}

EI_API void ei_trees_ranks_f64(const double *cuts, const int32_t *levels, const int32_t *group,
                               const double *x, int32_t *rank) {
  for (int32_t k = 0; k < 64; k++) rank[k] = 0;
  for (int32_t l = group[6]; l < group[6] + group[7]; l++) {
    const double *level = cuts + levels[l];
    for (int32_t k = 0; k < 64; k++) {
      const ptrdiff_t at = (ptrdiff_t)rank[k] * 16;
      const __m512d value = _mm512_set1_pd(x[k]);
      const __mmask8 low = _mm512_cmp_pd_mask(_mm512_loadu_pd(level + at), value, _CMP_LT_OQ);
      const __mmask8 high = _mm512_cmp_pd_mask(_mm512_loadu_pd(level + at + 8), value, _CMP_LT_OQ);
      rank[k] = (int32_t)at + __builtin_popcount(_mm512_kunpackb(high, low));
    }
  }
}
