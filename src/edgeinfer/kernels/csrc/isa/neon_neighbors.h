/* ei_neighbors_codes.h's tile with SDOT: a vector has four points and four features of each. Codes
 * of rows stay signed. */
#include "../ei_neighbors_codes_params.h"

#define EI_HAVE_CODES_TILE 1
#define EI_CODE_BIAS       0

static inline __attribute__((always_inline)) void ei_codes_tile_of(
    int count, const ei_neighbors_codes_params *p, int32_t group, const uint8_t *rows,
    ptrdiff_t stride, const int32_t *limits, int32_t *scores, uint32_t *below) {
  static const uint32_t bits[4] = {1, 2, 4, 8};
  const ptrdiff_t first = (ptrdiff_t)group * EI_CODE_POINTS;
  const int8_t *codes = p->codes + first * p->n_codes * 4;
  const uint32x4_t bit = vld1q_u32(bits);
  int32x4_t dots[2][8];
  for (int r = 0; r < count; r++)
    for (int j = 0; j < 8; j++) dots[r][j] = vdupq_n_s32(0);
  for (int32_t i = 0; i < p->n_codes; i++, codes += EI_CODE_POINTS * 4) {
    int8x16_t row[2];
#pragma GCC unroll 2
    for (int r = 0; r < count; r++) {
      uint32_t four;
      __builtin_memcpy(&four, rows + r * stride + 4 * i, sizeof four);
      row[r] = vreinterpretq_s8_u32(vdupq_n_u32(four));
    }
#pragma GCC unroll 8
    for (int j = 0; j < 8; j++) {
      const int8x16_t points = vld1q_s8(codes + 16 * j);
#pragma GCC unroll 2
      for (int r = 0; r < count; r++) dots[r][j] = vdotq_s32(dots[r][j], points, row[r]);
    }
  }
#pragma GCC unroll 2
  for (int r = 0; r < count; r++) {
    const int32x4_t limit = vdupq_n_s32(limits[r]);
    uint32_t mask = 0;
#pragma GCC unroll 8
    for (int j = 0; j < 8; j++) {
      const int32x4_t norms = vld1q_s32(p->norms + first + 4 * j);
      const int32x4_t score = vsubq_s32(norms, vshlq_n_s32(dots[r][j], 1));
      mask |= vaddvq_u32(vandq_u32(vcltq_s32(score, limit), bit)) << (4 * j);
      vst1q_s32(scores + r * EI_CODE_POINTS + 4 * j, score);
    }
    below[r] = mask;
  }
}

static inline void ei_codes_tile(const ei_neighbors_codes_params *p, int32_t group,
                                 const uint8_t *rows, ptrdiff_t stride, int32_t count,
                                 const int32_t *limits, int32_t *scores, uint32_t *below) {
  for (; count >= 2; count -= 2, rows += 2 * stride, limits += 2, below += 2) {
    ei_codes_tile_of(2, p, group, rows, stride, limits, scores, below);
    scores += 2 * EI_CODE_POINTS;
  }
  if (count == 1) ei_codes_tile_of(1, p, group, rows, stride, limits, scores, below);
}
