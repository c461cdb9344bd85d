/* What conv_int16.h and dense_int16.h are made of, 4 sums in a vector. NEON. */
#ifndef EI_NEON_INT16_H
#define EI_NEON_INT16_H

#include "../ei_types.h"
#include "rescaling_blocks.h"

typedef int32x4_t ei_words;

typedef struct {
  int32x4_t multiplier, left, right, any;
  int64x2_t add_low, add_high;
} ei_words_factor;

static inline ei_words ei_words_zero(void) { return vdupq_n_s32(0); }

static inline ei_words ei_words_load(const void *x) {
  return vreinterpretq_s32_s8(vld1q_s8((const int8_t *)x));
}

static inline void ei_words_save(int32_t *to, ei_words x) { vst1q_s32(to, x); }

/* As many int16 as a vector has lanes. */
static inline ei_words ei_words_widened(const int16_t *x) { return vmovl_s16(vld1_s16(x)); }

static inline ei_words ei_words_add(ei_words x, ei_words y) { return vaddq_s32(x, y); }

static inline ei_words ei_words_sub(ei_words x, ei_words y) { return vsubq_s32(x, y); }

static inline ei_words ei_words_left(ei_words x, int32_t n) { return vshlq_s32(x, vdupq_n_s32(n)); }

/* Two int16 as every lane. */
static inline ei_words ei_words_pair(const char *x) {
  int32_t two;
  __builtin_memcpy(&two, x, sizeof two);
  return vdupq_n_s32(two);
}

/* Bytes as 16-bit numbers. */
static inline ei_words ei_words_weights(const char *w) {
  return vreinterpretq_s32_s16(vmovl_s8(vld1_s8((const int8_t *)w)));
}

static inline __attribute__((always_inline)) void ei_words_dot(ei_words *sum, ei_words x,
                                                               ei_words w) {
  const int16x8_t a = vreinterpretq_s16_s32(x), b = vreinterpretq_s16_s32(w);
  const int32x4_t low = vmull_s16(vget_low_s16(a), vget_low_s16(b));
  *sum = vaddq_s32(*sum, vpaddq_s32(low, vmull_high_s16(a, b)));
}

/* The int16 of two vectors by turns: of the lower halves, of the upper ones. ei_words_pack is the
 * way back, saturating. */
static inline ei_words ei_words_zip_low(ei_words x, ei_words y) {
  return vreinterpretq_s32_s16(vzip1q_s16(vreinterpretq_s16_s32(x), vreinterpretq_s16_s32(y)));
}

static inline ei_words ei_words_zip_high(ei_words x, ei_words y) {
  return vreinterpretq_s32_s16(vzip2q_s16(vreinterpretq_s16_s32(x), vreinterpretq_s16_s32(y)));
}

static inline ei_words ei_words_pack(ei_words x, ei_words y) {
  return vreinterpretq_s32_s16(vqmovn_high_s32(vqmovn_s32(x), y));
}

static inline int64x2_t ei_load_two_i64(const char *x) {
  return vreinterpretq_s64_s8(vld1q_s8((const int8_t *)x));
}

/* A quarter of a block of factors, 16 bytes from the next. */
static inline ei_words_factor ei_words_load_factor(const char *block) {
  const int64x2_t even = ei_load_two_i64(block + EI_FACTOR_ADD_EVEN);
  const int64x2_t odd = ei_load_two_i64(block + EI_FACTOR_ADD_ODD);
  ei_words_factor f;
  f.multiplier = ei_words_load(block + EI_FACTOR_MULTIPLIER);
  f.left = ei_words_load(block + EI_FACTOR_LEFT);
  f.right = vnegq_s32(ei_words_load(block + EI_FACTOR_RIGHT));
  f.any = vreinterpretq_s32_u32(vtstq_s32(f.right, f.right));
  f.add_low = vzip1q_s64(even, odd);
  f.add_high = vzip2q_s64(even, odd);
  return f;
}

/* The upper halves of (products + what is added). */
static inline ei_words ei_words_upper(ei_words x, const ei_words_factor *f) {
  const int64x2_t low = vmlal_s32(f->add_low, vget_low_s32(x), vget_low_s32(f->multiplier));
  const int64x2_t high = vmlal_high_s32(f->add_high, x, f->multiplier);
  return vuzp2q_s32(vreinterpretq_s32_s64(low), vreinterpretq_s32_s64(high));
}

/* ei_rescale16 of isa/avx512_integers.h, `once` its `positive`; the left shift is for both. */
static inline __attribute__((always_inline)) ei_words ei_words_rescale(ei_words x,
                                                                       const ei_words_factor *f,
                                                                       int once) {
  const int32x4_t upper = ei_words_upper(vshlq_s32(x, f->left), f);
  if (once) return vshlq_s32(upper, f->right);
  const int32x4_t away = vandq_s32(vshrq_n_s32(x, 31), f->any);
  return vshlq_s32(vaddq_s32(upper, away), f->right);
}

/* The first `width` of a vector of int16, kept within bounds. */
static inline void ei_words_store(ei_words x, int32_t low, int32_t high, int16_t *to,
                                  int32_t width) {
  const int16x8_t least = vmaxq_s16(vreinterpretq_s16_s32(x), vdupq_n_s16((int16_t)low));
  const int16x8_t y = vminq_s16(least, vdupq_n_s16((int16_t)high));
  if (width >= 8) {
    vst1q_s16(to, y);
  } else {
    int16_t last[8];
    vst1q_s16(last, y);
    for (int32_t i = 0; i < width; i++) to[i] = last[i];
  }
}

/* The first `width` of 16 channels, saturated and kept within bounds. */
static inline void ei_words_store_panel(const ei_words *x, int32_t low, int32_t high, int16_t *to,
                                        int32_t width) {
  ei_words_store(ei_words_pack(x[0], x[1]), low, high, to, width);
  ei_words_store(ei_words_pack(x[2], x[3]), low, high, to + 8, width - 8);
}

/* 32-bit sums added to 64-bit ones. */
static inline void ei_words_widen(ei_words sum, int64_t *to) {
  vst1q_s64(to, vaddw_s32(vld1q_s64(to), vget_low_s32(sum)));
  vst1q_s64(to + 2, vaddw_high_s32(vld1q_s64(to + 2), sum));
}

/* ei_rescale_i64 of two sums. A product of 64 by 15 bits is made of two. */
static inline int64x2_t ei_rescale2_i64(int64x2_t sum, int32x2_t multiplier, int32x2_t shift) {
  const uint32x2_t wide = vadd_u32(vreinterpret_u32_s32(multiplier), vdup_n_u32(1 << 15));
  const uint32x2_t reduced = vmin_u32(vshr_n_u32(wide, 16), vdup_n_u32(0x7FFF));
  const int64x2_t right = vsubl_s32(shift, vdup_n_s32(15));
  const uint64x2_t low = vmull_u32(vmovn_u64(vreinterpretq_u64_s64(sum)), reduced);
  const int64x2_t high = vmull_s32(vshrn_n_s64(sum, 32), vreinterpret_s32_u32(reduced));
  const int64x2_t product = vaddq_s64(vreinterpretq_s64_u64(low), vshlq_n_s64(high, 32));
  return vrshlq_s64(product, right);
}

/* ei_rescale_i64 of 16 sums. */
static inline void ei_words_rescale_i64(const int64_t *sum, const int32_t *multiplier,
                                        const int32_t *shift, ei_words *y) {
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    const int32x4_t m = vld1q_s32(multiplier + i), s = vld1q_s32(shift + i);
    const int64x2_t low = ei_rescale2_i64(vld1q_s64(sum + i), vget_low_s32(m), vget_low_s32(s));
    const int64x2_t high =
        ei_rescale2_i64(vld1q_s64(sum + i + 2), vget_high_s32(m), vget_high_s32(s));
    y[i / 4] = vcombine_s32(vmovn_s64(low), vmovn_s64(high));
  }
}

#endif
