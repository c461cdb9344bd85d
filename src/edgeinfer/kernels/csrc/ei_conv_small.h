/* Convolution and depthwise convolution of int8 for small targets: the integers of ei_conv.h, with
 * hardly anything staged or padded.
 *
 * A convolution computes two pixels by two outputs at a time, so that what is loaded is used twice.
 * Only what borders or is not contiguous is copied. Weights lie in pairs of outputs, and in those
 * in groups of four inputs (k0 .. k3) of both: a0 b0 a2 b2, a1 b1 a3 b3. The last pair and the last
 * group are filled up with zeros. */
#ifndef EI_CONV_SMALL_H
#define EI_CONV_SMALL_H

#include <string.h>

#include "ei_arm_dsp.h"
#include "ei_fixed.h"
#include "ei_types.h"

typedef struct {
  const int8_t *weights;     /* depthwise: (quads of channels, taps, 4), then (channels, taps) */
  const int32_t *bias;       /* n_out, the input's zero point folded in */
  const int32_t *multiplier; /* n_out */
  const int8_t *shift;       /* n_out; if `plain`, to the right */
  int32_t in_h;
  int32_t in_w;
  int32_t in_c;
  int32_t out_h;
  int32_t out_w;
  int32_t out_c;
  int32_t kernel_h;
  int32_t kernel_w;
  int32_t stride_h;
  int32_t stride_w;
  int32_t dilation_h;
  int32_t dilation_w;
  int32_t pad_top;
  int32_t pad_left;
  int32_t images; /* a row is that many images */
  int32_t repeat; /* depthwise: outputs per input channel */
  int32_t depth;  /* inputs of an output, rounded up to groups of four */
  int32_t plain;  /* sums stay below 2^30 and every shift is 1 to 22 to the right */
  int32_t x_zero;
  int32_t y_zero;
  int32_t low; /* bounds of the output */
  int32_t high;
} ei_conv_small_params;

/* Whether the short way from a sum to an output holds. */
EI_API int ei_conv_small_is_short(const ei_conv_small_params *p) {
  return p->plain && p->low == INT8_MIN && p->high == INT8_MAX;
}

/* The short way: |sum| < 2^30, a shift to the right by 1 to 22, all of int8 as output. Besides what
 * rounds to nearest, a tie away from zero, `rounding` has the zero point: (2 zero + 1) << shift. */
EI_API int8_t ei_conv_small_short(int32_t sum, int32_t multiplier, int32_t shift,
                                  int32_t rounding) {
#ifdef EI_HAVE_ARM_DSP
  const int32_t value = ei_high_half(sum * 2, multiplier);
  return (int8_t)ei_saturate_byte((value + (value >> 31) + (rounding >> 1)) >> shift);
#else
  const int32_t value = ei_high_product(sum, multiplier);
  const int32_t moved = (value + (value >> 31) + (rounding >> 1)) >> shift;
  return (int8_t)ei_clamp_i32(moved, INT8_MIN, INT8_MAX);
#endif
}

EI_API int8_t ei_conv_small_value(const ei_conv_small_params *p, int32_t o, int32_t sum) {
  const int32_t multiplier = p->multiplier[o], shift = p->plain ? -p->shift[o] : p->shift[o];
  /* Bounded before the zero point is added: no sum can overflow. */
  const int32_t value = ei_rescale_i32(sum, multiplier, shift);
  return (int8_t)(ei_clamp_i32(value, p->low - p->y_zero, p->high - p->y_zero) + p->y_zero);
}

/* The integers of output o for two pixels; y0 is written last and may be y1. */
EI_API void ei_conv_small_two(const ei_conv_small_params *p, int is_short, int32_t o, int32_t sum0,
                              int32_t sum1, int8_t *y0, int8_t *y1) {
  if (is_short) {
    const int32_t multiplier = p->multiplier[o], shift = p->shift[o];
    const int32_t rounding = (int32_t)((uint32_t)(2 * p->y_zero + 1) << shift);
    y1[o] = ei_conv_small_short(sum1, multiplier, shift, rounding);
    y0[o] = ei_conv_small_short(sum0, multiplier, shift, rounding);
  } else {
    y1[o] = ei_conv_small_value(p, o, sum1);
    y0[o] = ei_conv_small_value(p, o, sum0);
  }
}

/* The sums of two outputs, for two pixels. */
typedef struct {
  int32_t a0, b0, a1, b1;
} ei_tile_sums;

/* A part of the kernel's window over one pixel, in rows of `kernel_w` taps. */
typedef struct {
  const int8_t *image;
  int32_t y, x; /* the image's pixel under the kernel's first tap; may be outside */
} ei_window_small;

EI_API int32_t ei_inside(int32_t place, int32_t size) { return place >= 0 && place < size; }

/* Copies without a call: the C libraries of small targets copy byte by byte. */
EI_API void ei_copy_small(int8_t *to, const int8_t *from, int32_t n) {
  int32_t i = 0;
#ifdef EI_HAVE_ARM_DSP
  for (; i + 4 <= n; i += 4) memcpy(to + i, from + i, 4);
#endif
  for (; i < n; i++) to[i] = from[i];
}

/* One row of the kernel, `kernel_w * in_c` values; padding is the zero point. */
EI_API void ei_gather_row(const ei_conv_small_params *p, const ei_window_small *at, int32_t ky,
                          int8_t *to) {
  const int32_t y = at->y + ky * p->dilation_h;
  int32_t x = at->x;
  for (int32_t kx = 0; kx < p->kernel_w; kx++, x += p->dilation_w, to += p->in_c) {
    if (ei_inside(y, p->in_h) && ei_inside(x, p->in_w))
      ei_copy_small(to, at->image + ((ptrdiff_t)y * p->in_w + x) * p->in_c, p->in_c);
    else
      for (int32_t i = 0; i < p->in_c; i++) to[i] = (int8_t)p->x_zero;
  }
}

/* Where row `ky` of the kernel lies together in the image; NULL if it does not. */
EI_API const int8_t *ei_whole_row(const ei_conv_small_params *p, const ei_window_small *at,
                                  int32_t ky) {
  const int32_t y = at->y + ky * p->dilation_h;
  if (p->dilation_w != 1 && p->kernel_w != 1) return NULL;
  if (!ei_inside(y, p->in_h) || at->x < 0 || at->x + p->kernel_w > p->in_w) return NULL;
  return at->image + ((ptrdiff_t)y * p->in_w + at->x) * p->in_c;
}

#ifdef EI_HAVE_ARM_DSP
/* Scratch: words of two halves, those of two pixels in turn, `depth` values each; then `depth`
 * bytes. */
typedef uint32_t ei_pixels;

/* `n` bytes (a multiple of four) as halves, in every other word. */
EI_API ei_pixels *ei_widen(const int8_t *from, int32_t n, ei_pixels *to) {
  const int8_t *const end = from + n;
  for (; from < end; from += 4, to += 4) {
    const uint32_t word = ei_word(from);
    to[0] = ei_even_bytes(word);
    to[2] = ei_odd_bytes(word);
  }
  return to;
}

/* The inputs of one pixel into their words. */
EI_API void ei_stage(const ei_conv_small_params *p, const ei_window_small *at, int8_t *bytes,
                     ei_pixels *to) {
  const int32_t length = p->kernel_w * p->in_c;
  if (length % 4 == 0) {
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
      const int8_t *row = ei_whole_row(p, at, ky);
      if (row == NULL) {
        ei_gather_row(p, at, ky, bytes);
        row = bytes;
      }
      to = ei_widen(row, length, to);
    }
    return;
  }
  for (int32_t ky = 0; ky < p->kernel_h; ky++) {
    const int8_t *row = ei_whole_row(p, at, ky);
    if (row != NULL)
      ei_copy_small(bytes + ky * length, row, length);
    else
      ei_gather_row(p, at, ky, bytes + ky * length);
  }
  (void)ei_widen(bytes, p->depth, to); /* what lies behind the kernel meets weights of zero */
}

EI_API void ei_tile_small(const ei_pixels *x, const int8_t *w, int32_t depth, ei_tile_sums *sums) {
  int32_t s0 = sums->a0, s1 = sums->b0, s2 = sums->a1, s3 = sums->b1;
  const ei_pixels *const end = x + depth;
  uint32_t x0, x1, both, one;
  do {
    EI_DSP_HALF_STEP;
    EI_DSP_HALF_STEP;
  } while (x < end);
  sums->a0 = s0;
  sums->b0 = s1;
  sums->a1 = s2;
  sums->b1 = s3;
}
#endif

#ifndef EI_HAVE_ARM_DSP
/* Scratch: `depth` bytes for each of two pixels, used where they do not lie together. */
EI_API const int8_t *ei_stage(const ei_conv_small_params *p, const ei_window_small *at,
                              int8_t *bytes) {
  const int32_t length = p->kernel_w * p->in_c;
  const int8_t *const row = ei_whole_row(p, at, 0);
  if (row != NULL && p->kernel_h == 1 && length == p->depth) return row;
  for (int32_t ky = 0; ky < p->kernel_h; ky++) ei_gather_row(p, at, ky, bytes + ky * length);
  return bytes;
}

EI_API void ei_tile_small(const int8_t *x0, const int8_t *x1, const int8_t *w, int32_t depth,
                          ei_tile_sums *sums) {
  int32_t a0 = sums->a0, b0 = sums->b0, a1 = sums->a1, b1 = sums->b1;
  const int8_t *const end = x0 + depth;
  for (; x0 < end; x0 += 4, x1 += 4, w += 8) {
    int32_t a = w[0], b = w[1], u = x0[0], v = x1[0];
    a0 += u * a, b0 += u * b, a1 += v * a, b1 += v * b;
    a = w[4], b = w[5], u = x0[1], v = x1[1];
    a0 += u * a, b0 += u * b, a1 += v * a, b1 += v * b;
    a = w[2], b = w[3], u = x0[2], v = x1[2];
    a0 += u * a, b0 += u * b, a1 += v * a, b1 += v * b;
    a = w[6], b = w[7], u = x0[3], v = x1[3];
    a0 += u * a, b0 += u * b, a1 += v * a, b1 += v * b;
  }
  sums->a0 = a0;
  sums->b0 = b0;
  sums->a1 = a1;
  sums->b1 = b1;
}
#endif

/* Two pixels (or one: `count`), all outputs. */
EI_API void ei_conv_small_pixels(const ei_conv_small_params *p, const ei_window_small *at,
                                 int32_t count, void *scratch, int8_t *y) {
  const int is_short = ei_conv_small_is_short(p);
  const int8_t *w = p->weights;
  const int32_t *bias = p->bias;
  int8_t *const y1 = count > 1 ? y + p->out_c : y; /* of one pixel everything is computed twice */
  const int32_t depth = p->depth, out_c = p->out_c;
#ifdef EI_HAVE_ARM_DSP
  ei_pixels *const x = (ei_pixels *)scratch;
  int8_t *const bytes = (int8_t *)(x + depth);
  for (int32_t i = 0; i < count; i++) ei_stage(p, at + i, bytes, x + i);
#else
  int8_t *const bytes = (int8_t *)scratch;
  const int8_t *const x0 = ei_stage(p, at, bytes);
  const int8_t *const x1 = count == 1 ? x0 : ei_stage(p, at + 1, bytes + depth);
#endif
  for (int32_t o = 0; o < out_c; o += 2, w += 2 * depth) {
    ei_tile_sums s;
    s.a0 = s.a1 = bias[o];
    s.b0 = s.b1 = o + 1 < out_c ? bias[o + 1] : 0;
#ifdef EI_HAVE_ARM_DSP
    ei_tile_small(x, w, depth, &s);
#else
    ei_tile_small(x0, x1, w, depth, &s);
#endif
    ei_conv_small_two(p, is_short, o, s.a0, s.a1, y, y1);
    if (o + 1 < out_c) ei_conv_small_two(p, is_short, o + 1, s.b0, s.b1, y, y1);
  }
}

EI_API ei_status ei_conv_small_i8(const void *params, const ei_io *io) {
  const ei_conv_small_params *p = (const ei_conv_small_params *)params;
  const int8_t *image = (const int8_t *)io->in[0];
  int8_t *y = (int8_t *)io->out[0];
  const ptrdiff_t images = (ptrdiff_t)io->rows * p->images;
  const ptrdiff_t size = (ptrdiff_t)p->in_h * p->in_w * p->in_c;
  ei_window_small at[2];
  int32_t waiting = 0;
  for (ptrdiff_t i = 0; i < images; i++, image += size)
    for (int32_t oy = 0; oy < p->out_h; oy++)
      for (int32_t ox = 0; ox < p->out_w; ox++) {
        at[waiting].image = image;
        at[waiting].y = oy * p->stride_h - p->pad_top;
        at[waiting].x = ox * p->stride_w - p->pad_left;
        if (++waiting == 2) {
          ei_conv_small_pixels(p, at, 2, io->scratch, y);
          y += 2 * p->out_c;
          waiting = 0;
        }
      }
  if (waiting) ei_conv_small_pixels(p, at, 1, io->scratch, y);
  return EI_OK;
}

/* The sums of four channels over `taps` places, `offset` bytes behind each. */
EI_API void ei_depthwise_quad(const int8_t *const *taps, int32_t count, int32_t offset,
                              const int8_t *w, int32_t *sums) {
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  for (int32_t t = 0; t < count; t++, w += 4) {
    const int8_t *x = taps[t] + offset;
#ifdef EI_HAVE_ARM_DSP
    const uint32_t a = ei_word(x), b = ei_word(w);
    const uint32_t a_even = ei_even_bytes(a), a_odd = ei_odd_bytes(a);
    const uint32_t b_even = ei_even_bytes(b), b_odd = ei_odd_bytes(b);
    s0 = ei_product_low(a_even, b_even, s0);
    s1 = ei_product_low(a_odd, b_odd, s1);
    s2 = ei_product_high(a_even, b_even, s2);
    s3 = ei_product_high(a_odd, b_odd, s3);
#else
    s0 += x[0] * w[0];
    s1 += x[1] * w[1];
    s2 += x[2] * w[2];
    s3 += x[3] * w[3];
#endif
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

EI_API int8_t ei_conv_small_one(const ei_conv_small_params *p, int is_short, int32_t o,
                                int32_t sum) {
  if (!is_short) return ei_conv_small_value(p, o, sum);
  const int32_t shift = p->shift[o];
  const int32_t rounding = (int32_t)((uint32_t)(2 * p->y_zero + 1) << shift);
  return ei_conv_small_short(sum, p->multiplier[o], shift, rounding);
}

/* All outputs of one pixel. `taps`: where each tap's channels lie. */
EI_API void ei_depthwise_pixel(const ei_conv_small_params *p, const int8_t *const *taps,
                               int8_t *y) {
  const int is_short = ei_conv_small_is_short(p);
  const int32_t count = p->kernel_h * p->kernel_w, out_c = p->out_c;
  const int8_t *w = p->weights;
  const int32_t *bias = p->bias;
  int32_t o = 0;
  if (p->repeat == 1)
    for (; o + 4 <= out_c; o += 4, w += 4 * count) {
      int32_t sums[4];
      for (int32_t j = 0; j < 4; j++) sums[j] = bias[o + j];
      ei_depthwise_quad(taps, count, o, w, sums);
      for (int32_t j = 0; j < 4; j++) y[o + j] = ei_conv_small_one(p, is_short, o + j, sums[j]);
    }
  for (; o < out_c; o++, w += count) {
    const int32_t c = o / p->repeat;
    int32_t sum = bias[o];
    for (int32_t t = 0; t < count; t++) sum += taps[t][c] * w[t];
    y[o] = ei_conv_small_one(p, is_short, o, sum);
  }
}

/* Scratch: a table of the taps' places, then a pixel of padding. */
EI_API ei_status ei_depthwise_small_i8(const void *params, const ei_io *io) {
  const ei_conv_small_params *p = (const ei_conv_small_params *)params;
  const int8_t *image = (const int8_t *)io->in[0];
  int8_t *y = (int8_t *)io->out[0];
  const int8_t **taps = (const int8_t **)io->scratch;
  int8_t *const padding = (int8_t *)(taps + p->kernel_h * p->kernel_w);
  const ptrdiff_t images = (ptrdiff_t)io->rows * p->images;
  const ptrdiff_t line = (ptrdiff_t)p->in_w * p->in_c, size = p->in_h * line;
  for (int32_t c = 0; c < p->in_c; c++) padding[c] = (int8_t)p->x_zero;
  for (ptrdiff_t i = 0; i < images; i++, image += size)
    for (int32_t oy = 0; oy < p->out_h; oy++)
      for (int32_t ox = 0; ox < p->out_w; ox++, y += p->out_c) {
        const int8_t **tap = taps;
        int32_t iy = oy * p->stride_h - p->pad_top;
        for (int32_t ky = 0; ky < p->kernel_h; ky++, iy += p->dilation_h) {
          int32_t ix = ox * p->stride_w - p->pad_left;
          for (int32_t kx = 0; kx < p->kernel_w; kx++, ix += p->dilation_w) {
            const int inside = ei_inside(iy, p->in_h) && ei_inside(ix, p->in_w);
            *tap++ = inside ? image + iy * line + (ptrdiff_t)ix * p->in_c : padding;
          }
        }
        ei_depthwise_pixel(p, taps, y);
      }
  return EI_OK;
}

#endif
