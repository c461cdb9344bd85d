/* Four int32 at a time: sums of products of bytes, ei_rescale_i32 and the way
 * back to bytes. NEON; with EI_SDOT the set has the dot product of bytes. */
#ifndef EI_NEON_INTEGERS_H
#define EI_NEON_INTEGERS_H

#include <string.h>

/* Sums of four outputs over four inputs each. Without the dot product
 * neighbouring products are added to a sum of their own: two outputs are in a
 * part, two sums of each. */
#ifdef EI_SDOT
#define EI_PARTS 1
#else
#define EI_PARTS 2
#endif

typedef struct {
  int32x4_t part[EI_PARTS];
} ei_sum4;

static inline __attribute__((always_inline)) void ei_dot4(ei_sum4 *sum, int8x16_t w, int8x16_t x) {
#ifdef EI_SDOT
  sum->part[0] = vdotq_s32(sum->part[0], w, x);
#else
  sum->part[0] = vpadalq_s16(sum->part[0], vmull_s8(vget_low_s8(w), vget_low_s8(x)));
  sum->part[1] = vpadalq_s16(sum->part[1], vmull_high_s8(w, x));
#endif
}

static inline __attribute__((always_inline)) int32x4_t ei_total4(const ei_sum4 *sum) {
#ifdef EI_SDOT
  return sum->part[0];
#else
  return vpaddq_s32(sum->part[0], sum->part[1]);
#endif
}

static inline ei_sum4 ei_zero4(void) {
  ei_sum4 sum;
  for (int i = 0; i < EI_PARTS; i++) sum.part[i] = vdupq_n_s32(0);
  return sum;
}

/* Sums that begin with a bias. */
static inline ei_sum4 ei_start4(int32x4_t bias) {
  ei_sum4 sum;
#ifdef EI_SDOT
  sum.part[0] = bias;
#else
  const int32x4_t zero = vdupq_n_s32(0);
  sum.part[0] = vzip1q_s32(bias, zero);
  sum.part[1] = vzip2q_s32(bias, zero);
#endif
  return sum;
}

/* What four channels are rescaled with; `right` is not above zero. */
typedef struct {
  int32x4_t multiplier, left, right;
} ei_factor4;

static inline ei_factor4 ei_load_factor4(const int32_t *multiplier, const int32_t *shift) {
  const int32x4_t zero = vdupq_n_s32(0), s = vld1q_s32(shift);
  ei_factor4 f;
  f.multiplier = vld1q_s32(multiplier);
  f.left = vmaxq_s32(s, zero);
  f.right = vminq_s32(s, zero);
  return f;
}

/* ei_rescale_i32 of any sums. The doubling product rounds as ei_high_product
 * does (a multiplier is not negative: nothing saturates); the rounding shift
 * rounds a tie up, so that what is below zero is made one less where there is a
 * shift. `positive` (small is 2): nothing is shifted to the left, and results
 * below zero do not count. */
static inline __attribute__((always_inline)) int32x4_t ei_rescale4(int32x4_t x, const ei_factor4 *f,
                                                                   const int positive) {
  if (positive) return vrshlq_s32(vqrdmulhq_s32(x, f->multiplier), f->right);
  const int32x4_t high = vqrdmulhq_s32(vshlq_s32(x, f->left), f->multiplier);
  const int32x4_t away = vshrq_n_s32(vandq_s32(high, f->right), 31);
  return vrshlq_s32(vqaddq_s32(high, away), f->right);
}

/* The zero point added, the bounds kept: eight results, or sixteen, as bytes.
 */
static inline int16x8_t ei_words8(const ei_conv_params *p, int32x4_t y0, int32x4_t y1) {
  const int16x8_t words = vqmovn_high_s32(vqmovn_s32(y0), y1);
  return vqaddq_s16(words, vdupq_n_s16((int16_t)p->y_zero));
}

static inline int8x8_t ei_bytes8(const ei_conv_params *p, int32x4_t y0, int32x4_t y1) {
  const int8x8_t bytes = vqmovn_s16(ei_words8(p, y0, y1));
  return vmin_s8(vmax_s8(bytes, vdup_n_s8((int8_t)p->low)), vdup_n_s8((int8_t)p->high));
}

static inline int8x16_t ei_bytes16(const ei_conv_params *p, const int32x4_t *y) {
  const int8x8_t first = vqmovn_s16(ei_words8(p, y[0], y[1]));
  const int8x16_t bytes = vqmovn_high_s16(first, ei_words8(p, y[2], y[3]));
  return vminq_s8(vmaxq_s8(bytes, vdupq_n_s8((int8_t)p->low)), vdupq_n_s8((int8_t)p->high));
}

/* The first `width` of eight bytes. */
static inline void ei_store8(char *to, int32_t width, int8x8_t bytes) {
  if (width >= 8) {
    vst1_s8((int8_t *)(void *)to, bytes);
    return;
  }
  int8_t eight[8];
  vst1_s8(eight, bytes);
  if (width > 0) memcpy(to, eight, (size_t)width);
}

/* The first `width` of sixteen bytes. */
static inline void ei_store16(char *to, int32_t width, int8x16_t bytes) {
  if (width >= 16) {
    vst1q_s8((int8_t *)(void *)to, bytes);
    return;
  }
  ei_store8(to, width, vget_low_s8(bytes));
  ei_store8(to + 8, width - 8, vget_high_s8(bytes));
}

#endif
