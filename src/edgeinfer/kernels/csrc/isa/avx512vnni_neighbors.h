/* ei_neighbors_codes.h's tile: 16 points of 4 features in a register, dot products of unsigned
 * codes of rows (hence the bias) and signed ones of points. */
#include "../ei_neighbors_codes_params.h"

#define EI_HAVE_CODES_TILE 1
#define EI_CODE_BIAS       128

static inline __attribute__((always_inline)) void ei_codes_tile_of(
    int count, const ei_neighbors_codes_params *p, int32_t group, const uint8_t *rows,
    ptrdiff_t stride, const int32_t *limits, int32_t *scores, uint32_t *below) {
  const ptrdiff_t first = (ptrdiff_t)group * EI_CODE_POINTS;
  const int8_t *codes = p->codes + first * p->n_codes * 4;
  const __m512i start0 = _mm512_loadu_si512(p->starts + first);
  const __m512i start1 = _mm512_loadu_si512(p->starts + first + 16);
  const __m512i norm0 = _mm512_loadu_si512(p->norms + first);
  const __m512i norm1 = _mm512_loadu_si512(p->norms + first + 16);
  __m512i dot0[EI_CODE_ROWS], dot1[EI_CODE_ROWS];
#pragma GCC unroll 8
  for (int r = 0; r < count; r++) {
    dot0[r] = start0;
    dot1[r] = start1;
  }
  for (int32_t i = 0; i < p->n_codes; i++) {
    const __m512i point0 = _mm512_loadu_si512(codes + (ptrdiff_t)i * 128);
    const __m512i point1 = _mm512_loadu_si512(codes + (ptrdiff_t)i * 128 + 64);
#pragma GCC unroll 8
    for (int r = 0; r < count; r++) {
      int32_t four;
      __builtin_memcpy(&four, rows + r * stride + 4 * i, sizeof four);
      const __m512i row = _mm512_set1_epi32(four);
      dot0[r] = _mm512_dpbusd_epi32(dot0[r], row, point0);
      dot1[r] = _mm512_dpbusd_epi32(dot1[r], row, point1);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < count; r++) {
    const __m512i limit = _mm512_set1_epi32(limits[r]);
    const __m512i score0 = _mm512_sub_epi32(norm0, _mm512_slli_epi32(dot0[r], 1));
    const __m512i score1 = _mm512_sub_epi32(norm1, _mm512_slli_epi32(dot1[r], 1));
    below[r] = (uint32_t)_mm512_cmplt_epi32_mask(score0, limit) |
               (uint32_t)_mm512_cmplt_epi32_mask(score1, limit) << 16;
    _mm512_storeu_si512(scores + r * EI_CODE_POINTS, score0);
    _mm512_storeu_si512(scores + r * EI_CODE_POINTS + 16, score1);
  }
}

static inline void ei_codes_tile(const ei_neighbors_codes_params *p, int32_t group,
                                 const uint8_t *rows, ptrdiff_t stride, int32_t count,
                                 const int32_t *limits, int32_t *scores, uint32_t *below) {
  if (count == EI_CODE_ROWS) {
    ei_codes_tile_of(EI_CODE_ROWS, p, group, rows, stride, limits, scores, below);
    return;
  }
  for (; count >= 2; count -= 2, rows += 2 * stride, limits += 2, below += 2) {
    ei_codes_tile_of(2, p, group, rows, stride, limits, scores, below);
    scores += 2 * EI_CODE_POINTS;
  }
  if (count == 1) ei_codes_tile_of(1, p, group, rows, stride, limits, scores, below);
}
