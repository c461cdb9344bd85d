/* ei_neighbors_codes.h's tile: codes widened to 16 bits, two products of a point summed at once, so
 * that a register has the two halves of four points. */
#include "../ei_neighbors_codes_params.h"

#define EI_HAVE_CODES_TILE 1
#define EI_CODE_BIAS       0

static inline void ei_codes_tile(const ei_neighbors_codes_params *p, int32_t group,
                                 const uint8_t *rows, ptrdiff_t stride, int32_t count,
                                 const int32_t *limits, int32_t *scores, uint32_t *below) {
  const ptrdiff_t first = (ptrdiff_t)group * EI_CODE_POINTS;
  for (int32_t r = 0; r < count; r++, rows += stride, scores += EI_CODE_POINTS) {
    const int8_t *codes = p->codes + first * p->n_codes * 4;
    const __m256i limit = _mm256_set1_epi32(limits[r]);
    __m256i halves[8];
    uint32_t mask = 0;
#pragma GCC unroll 8
    for (int j = 0; j < 8; j++) halves[j] = _mm256_setzero_si256();
    for (int32_t i = 0; i < p->n_codes; i++, codes += EI_CODE_POINTS * 4) {
      int32_t four;
      __builtin_memcpy(&four, rows + 4 * i, sizeof four);
      const __m256i row = _mm256_broadcastq_epi64(_mm_cvtepi8_epi16(_mm_cvtsi32_si128(four)));
#pragma GCC unroll 8
      for (int j = 0; j < 8; j++) {
        const __m128i point = _mm_loadu_si128((const __m128i *)(codes + 16 * j));
        halves[j] =
            _mm256_add_epi32(halves[j], _mm256_madd_epi16(row, _mm256_cvtepi8_epi16(point)));
      }
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      /* hadd leaves points 0 1 4 5 2 3 6 7. */
      const __m256i dots =
          _mm256_permute4x64_epi64(_mm256_hadd_epi32(halves[2 * j], halves[2 * j + 1]), 0xD8);
      const __m256i norms = _mm256_loadu_si256((const __m256i *)(p->norms + first + 8 * j));
      const __m256i score = _mm256_sub_epi32(norms, _mm256_slli_epi32(dots, 1));
      const __m256i under = _mm256_cmpgt_epi32(limit, score);
      mask |= (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(under)) << (8 * j);
      _mm256_storeu_si256((__m256i *)(scores + 8 * j), score);
    }
    below[r] = mask;
  }
}
