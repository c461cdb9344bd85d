/* ei_dense_int.h's sums of int8 with SDOT, which takes signed numbers only. Rows are stored
 * unsigned, q + 128: they are taken as q, and 128 times the sum of the weights is added, counted by
 * a dot product with ones. A vector has four outputs and four inputs of each. */
#define EI_HAVE_DOT_I8 1

#include "../ei_dense_int_params.h"

static inline __attribute__((always_inline)) void ei_tile_i8(int rows, const uint8_t *x,
                                                             ptrdiff_t stride, const int8_t *w,
                                                             int32_t groups, const int32_t *bias,
                                                             int32_t *acc) {
  const int8x16_t ones = vdupq_n_s8(1);
  int32x4_t sum[4][4], weight_sum[4];
  for (int q = 0; q < 4; q++) weight_sum[q] = vdupq_n_s32(0);
  for (int r = 0; r < rows; r++)
    for (int q = 0; q < 4; q++) sum[r][q] = vld1q_s32(bias + 4 * q);
  for (int32_t g = 0; g < groups; g++, w += 64, x += 4) {
    int8x16_t four[4];
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) {
      uint32_t bytes;
      __builtin_memcpy(&bytes, x + r * stride, sizeof bytes);
      four[r] = vreinterpretq_s8_u32(vdupq_n_u32(bytes ^ 0x80808080u));
    }
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) {
      const int8x16_t weight = vld1q_s8(w + 16 * q);
      weight_sum[q] = vdotq_s32(weight_sum[q], weight, ones);
#pragma GCC unroll 4
      for (int r = 0; r < rows; r++) sum[r][q] = vdotq_s32(sum[r][q], weight, four[r]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++)
      vst1q_s32(acc + r * EI_LANES + 4 * q, vaddq_s32(sum[r][q], vshlq_n_s32(weight_sum[q], 7)));
}

static inline void ei_dot_i8(const uint8_t *x, ptrdiff_t stride, int32_t rows, const int8_t *w,
                             int32_t groups, int32_t panels, const int32_t *bias, int32_t *acc) {
  (void)panels; /* one at a time */
  for (; rows >= 4; rows -= 4, x += 4 * stride, acc += 4 * EI_LANES)
    ei_tile_i8(4, x, stride, w, groups, bias, acc);
  for (; rows > 0; rows--, x += stride, acc += EI_LANES)
    ei_tile_i8(1, x, stride, w, groups, bias, acc);
}
