/* Ranks among sorted cuts, eight or four comparisons at a time. */
#define EI_HAVE_TREES_RANK 1

EI_API int32_t ei_trees_rank_f32(const float *cuts, const int32_t *levels, const int32_t *group,
                                 float x) {
  const __m256 value = _mm256_set1_ps(x);
  const int32_t *level = levels + group[6];
  int32_t at = 0;
  for (int32_t n = group[7]; n > 0; n--, level++) {
    const float *pivots = cuts + *level + at * 16;
    const __m256 low = _mm256_cmp_ps(_mm256_loadu_ps(pivots), value, _CMP_LT_OQ);
    const __m256 high = _mm256_cmp_ps(_mm256_loadu_ps(pivots + 8), value, _CMP_LT_OQ);
    at = at * 16 + __builtin_popcount((unsigned)_mm256_movemask_ps(low) |
                                      (unsigned)_mm256_movemask_ps(high) << 8);
  }
  return at;
}

EI_API int32_t ei_trees_rank_f64(const double *cuts, const int32_t *levels, const int32_t *group,
                                 double x) {
  const __m256d value = _mm256_set1_pd(x);
  const int32_t *level = levels + group[6];
  int32_t at = 0;
  for (int32_t n = group[7]; n > 0; n--, level++) {
    const double *pivots = cuts + *level + at * 16;
    unsigned below = 0;
    for (int32_t i = 0; i < 4; i++)
      below |= (unsigned)_mm256_movemask_pd(
                   _mm256_cmp_pd(_mm256_loadu_pd(pivots + 4 * i), value, _CMP_LT_OQ))
               << 4 * i;
    at = at * 16 + __builtin_popcount(below);
  }
  return at;
}
