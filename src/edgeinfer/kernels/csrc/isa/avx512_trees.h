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

/* Of 32 pivots the one that each value has come to. */
EI_API __m512 ei_trees_pivot(const float *part, __m512i at) {
  return _mm512_permutex2var_ps(_mm512_loadu_ps(part), at, _mm512_loadu_ps(part + 16));
}

/* The same of what belongs to a step: up to 128 pivots. `at` is a pivot's number in the tree. */
__attribute__((always_inline)) EI_API __m512 ei_trees_step_pivot(const float *tree,
                                                                 const int32_t step, __m512i at) {
  if (step < 5) return ei_trees_pivot(tree, at);
  const float *part = tree + (1 << step);
  __m512 found = ei_trees_pivot(part, at);
  if (step == 5) return found;
  const __mmask16 odd = _mm512_test_epi32_mask(at, _mm512_set1_epi32(32));
  found = _mm512_mask_blend_ps(odd, found, ei_trees_pivot(part + 32, at));
  if (step == 6) return found;
  const __m512 high =
      _mm512_mask_blend_ps(odd, ei_trees_pivot(part + 64, at), ei_trees_pivot(part + 96, at));
  return _mm512_mask_blend_ps(_mm512_test_epi32_mask(at, _mm512_set1_epi32(64)), found, high);
}

/* How many pivots are smaller than each of 64 values. */
__attribute__((always_inline)) EI_API void ei_trees_search_f32(const float *tree,
                                                               const int32_t steps, const float *x,
                                                               int32_t *rank) {
  const __m512i one = _mm512_set1_epi32(1);
  for (int32_t k = 0; k < 64; k += 16) {
    const __m512 value = _mm512_loadu_ps(x + k);
    __m512i at = one;
    for (int32_t s = 0; s < steps; s++) {
      const __mmask16 below =
          _mm512_cmp_ps_mask(ei_trees_step_pivot(tree, s, at), value, _CMP_LT_OQ);
      at = _mm512_add_epi32(at, at);
      at = _mm512_mask_or_epi32(at, below, at, one);
    }
    _mm512_storeu_si512(rank + k, _mm512_sub_epi32(at, _mm512_set1_epi32(1 << steps)));
  }
}

/* The same of float64: both sides are rounded, which keeps their order but for those that become
 * equal; these, rarely any, are compared once more as they are. */
__attribute__((always_inline)) EI_API void ei_trees_search_f64(const float *tree,
                                                               const int32_t steps,
                                                               const double *cuts, int32_t n,
                                                               const double *x, int32_t *rank) {
  const __m512i one = _mm512_set1_epi32(1);
  for (int32_t k = 0; k < 64; k += 16) {
    const __m512 value =
        _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(_mm512_loadu_pd(x + k))),
                           _mm512_cvtpd_ps(_mm512_loadu_pd(x + k + 8)), 1);
    __m512i at = one;
    __m512 last = _mm512_setzero_ps();
    for (int32_t s = 0; s < steps; s++) {
      const __m512 pivot = ei_trees_step_pivot(tree, s, at);
      const __mmask16 below = _mm512_cmp_ps_mask(pivot, value, _CMP_LE_OQ);
      last = _mm512_mask_mov_ps(last, below, pivot);
      at = _mm512_add_epi32(at, at);
      at = _mm512_mask_or_epi32(at, below, at, one);
    }
    _mm512_storeu_si512(rank + k, _mm512_sub_epi32(at, _mm512_set1_epi32(1 << steps)));
    for (unsigned equal = _mm512_cmp_ps_mask(last, value, _CMP_EQ_OQ); equal; equal &= equal - 1) {
      const int32_t i = k + __builtin_ctz(equal);
      int32_t r = rank[i] < n ? rank[i] : n;
      while (r > 0 && !(cuts[r - 1] < x[i])) r--;
      rank[i] = r;
    }
  }
}

/* The ranks of 64 values, level by level: the searches wait for their own loads only. */
EI_API void ei_trees_ranks_f32(const float *cuts, const int32_t *levels, const float *pivots,
                               const int32_t *group, const float *x, int32_t *rank) {
  const float *tree = pivots + group[8];
  if (group[9] == 5) {
    ei_trees_search_f32(tree, 5, x, rank);
    return;
  }
  if (group[9] == 6) {
    ei_trees_search_f32(tree, 6, x, rank);
    return;
  }
  if (group[9] == 7) {
    ei_trees_search_f32(tree, 7, x, rank);
    return;
  }
  if (group[9] == 8) {
    ei_trees_search_f32(tree, 8, x, rank);
    return;
  }
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

EI_API void ei_trees_ranks_f64(const double *cuts, const int32_t *levels, const float *pivots,
                               const int32_t *group, const double *x, int32_t *rank) {
  const float *tree = pivots + group[8];
  if (group[9] == 5) {
    ei_trees_search_f64(tree, 5, cuts + group[1], group[2], x, rank);
    return;
  }
  if (group[9] == 6) {
    ei_trees_search_f64(tree, 6, cuts + group[1], group[2], x, rank);
    return;
  }
  if (group[9] == 7) {
    ei_trees_search_f64(tree, 7, cuts + group[1], group[2], x, rank);
    return;
  }
  if (group[9] == 8) {
    ei_trees_search_f64(tree, 8, cuts + group[1], group[2], x, rank);
    return;
  }
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
