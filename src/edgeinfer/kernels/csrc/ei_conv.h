/* Convolution, depthwise convolution: int8 and int16 with the integers of TensorFlow Lite Micro's
 * reference kernels, and float32. Fully connected layers are convolutions of one pixel.
 *
 * Output channels come in panels of 16. Integers: the zero point of the input is folded into the
 * bias, so that a sum is a plain product of integers; padding holds the zero point. */
#ifndef EI_CONV_H
#define EI_CONV_H

#include "ei_fixed.h"
#include "ei_window.h"

#define EI_CONV_PANEL 16

/* The zero point added, the bounds kept, without overflow. */
EI_API int32_t ei_conv_bound(const ei_conv_params *p, int32_t value) {
  return ei_clamp_i32(value, p->low - p->y_zero, p->high - p->y_zero) + p->y_zero;
}

/* What a window of int8 has flipped: the sign bit, where a set sums bytes without sign. Values
 * read `direct` are as they are. */
#ifndef EI_FLIP_I8
#define EI_FLIP_I8 0
#endif

/* Contract of the int8 strip: int32 sums that cannot overflow (ops/conv.py sees to it), weights
 * (panels, segments, words, 16, 4). A word may reach up to 3 values past its segment, where the
 * weights are zero. */
#ifndef EI_HAVE_STRIP_I8
EI_API void ei_strip_i8(const ei_conv_params *p, const char *const *segments, int32_t pixels,
                        int32_t step, char *out) {
  for (int32_t i = 0; i < pixels; i++, out += p->out_c) {
    const int8_t *w = (const int8_t *)p->weights;
    const int32_t *bias = (const int32_t *)p->bias;
    for (int32_t o = 0; o < p->out_c; o += EI_CONV_PANEL) {
      int32_t sum[EI_CONV_PANEL];
      for (int32_t j = 0; j < EI_CONV_PANEL; j++) sum[j] = bias[o + j];
      for (int32_t s = 0; s < p->segments; s++) {
        const int8_t *x = (const int8_t *)segments[s] + (size_t)i * (size_t)step;
        for (int32_t k = 0; k < p->words; k++, x += 4, w += 4 * EI_CONV_PANEL)
          for (int32_t j = 0; j < EI_CONV_PANEL; j++)
            sum[j] +=
                x[0] * w[4 * j] + x[1] * w[4 * j + 1] + x[2] * w[4 * j + 2] + x[3] * w[4 * j + 3];
      }
      const int32_t width = p->out_c - o < EI_CONV_PANEL ? p->out_c - o : EI_CONV_PANEL;
      for (int32_t j = 0; j < width; j++) {
        const int32_t value = ei_rescale_i32(sum[j], p->multiplier[o + j], p->shift[o + j]);
        out[o + j] = (char)(int8_t)ei_conv_bound(p, value);
      }
    }
  }
}
#endif

/* Contract of the int8 depthwise strip: weights (taps, channels), one segment per tap, as many
 * channels in the window as in the output. */
#ifndef EI_HAVE_DEPTHWISE_STRIP_I8
EI_API void ei_depthwise_strip_i8(const ei_conv_params *p, const char *const *segments,
                                  int32_t pixels, int32_t step, char *out) {
  for (int32_t i = 0; i < pixels; i++, out += p->out_c) {
    for (int32_t o = 0; o < p->out_c; o += EI_CONV_PANEL) {
      const int32_t width = p->out_c - o < EI_CONV_PANEL ? p->out_c - o : EI_CONV_PANEL;
      int32_t sum[EI_CONV_PANEL];
      for (int32_t j = 0; j < width; j++) sum[j] = ((const int32_t *)p->bias)[o + j];
      const int8_t *w = (const int8_t *)p->weights + o;
      for (int32_t s = 0; s < p->segments; s++, w += p->out_c) {
        const int8_t *x = (const int8_t *)segments[s] + (size_t)i * (size_t)step + o;
        for (int32_t j = 0; j < width; j++) sum[j] += x[j] * w[j];
      }
      for (int32_t j = 0; j < width; j++) {
        const int32_t value = ei_rescale_i32(sum[j], p->multiplier[o + j], p->shift[o + j]);
        out[o + j] = (char)(int8_t)ei_conv_bound(p, value);
      }
    }
  }
}
#endif

EI_API ei_status ei_conv_i8(const void *params, const ei_io *io) {
  ei_convolve((const ei_conv_params *)params, io, 1, 1, EI_FLIP_I8, ei_strip_i8);
  return EI_OK;
}

EI_API ei_status ei_depthwise_i8(const void *params, const ei_io *io) {
  const ei_conv_params *p = (const ei_conv_params *)params;
#ifdef EI_HAVE_DEPTHWISE_BANDS_I8
  if (p->band != 0) {
    ei_depthwise_bands_i8(p, io);
    return EI_OK;
  }
#endif
  ei_convolve(p, io, 1, 1, EI_FLIP_I8, ei_depthwise_strip_i8);
  return EI_OK;
}

/* int16 activations, int8 weights (panels, segments, words, 16, 2), sums in 64 bits; a bias of 32
 * bits (`narrow`) is rescaled as 32-bit sums are. A word may reach a value past its segment, where
 * the weight is zero. */
EI_API void ei_conv_finish_i16(const ei_conv_params *p, int32_t o, int32_t width, int narrow,
                               const int64_t *sum, int16_t *out) {
  for (int32_t j = 0; j < width; j++) {
    const int32_t m = p->multiplier[o + j], s = p->shift[o + j];
    const int32_t value =
        narrow ? ei_rescale_i32((int32_t)(uint32_t)sum[j], m, s) : ei_rescale_i64(sum[j], m, s);
    out[j] = (int16_t)ei_clamp_i32(value, p->low, p->high);
  }
}

#ifndef EI_HAVE_STRIP_I16
EI_API void ei_strip_i16(const ei_conv_params *p, const char *const *segments, int32_t pixels,
                         int32_t step, char *out, int narrow) {
  int16_t *y = (int16_t *)(void *)out;
  for (int32_t i = 0; i < pixels; i++, y += p->out_c) {
    const int8_t *w = (const int8_t *)p->weights;
    for (int32_t o = 0; o < p->out_c; o += EI_CONV_PANEL) {
      int64_t sum[EI_CONV_PANEL];
      for (int32_t j = 0; j < EI_CONV_PANEL; j++) sum[j] = ((const int64_t *)p->bias)[o + j];
      for (int32_t s = 0; s < p->segments; s++) {
        const int16_t *x = (const int16_t *)(const void *)(segments[s] + (size_t)i * (size_t)step);
        for (int32_t k = 0; k < p->words; k++, x += 2, w += 2 * EI_CONV_PANEL)
          for (int32_t j = 0; j < EI_CONV_PANEL; j++)
            sum[j] += x[0] * w[2 * j] + x[1] * w[2 * j + 1];
      }
      const int32_t width = p->out_c - o < EI_CONV_PANEL ? p->out_c - o : EI_CONV_PANEL;
      ei_conv_finish_i16(p, o, width, narrow, sum, y + o);
    }
  }
}

EI_API void ei_strip_i16_i64(const ei_conv_params *p, const char *const *segments, int32_t pixels,
                             int32_t step, char *out) {
  ei_strip_i16(p, segments, pixels, step, out, 0);
}

EI_API void ei_strip_i16_i32(const ei_conv_params *p, const char *const *segments, int32_t pixels,
                             int32_t step, char *out) {
  ei_strip_i16(p, segments, pixels, step, out, 1);
}
#endif

EI_API void ei_depthwise_strip_i16(const ei_conv_params *p, const char *const *segments,
                                   int32_t pixels, int32_t step, char *out) {
  int16_t *y = (int16_t *)(void *)out;
#ifdef EI_HAVE_DEPTHWISE_STRIP_I16
  if (p->small == 2) {
    ei_depthwise_strip_words(p, segments, pixels, step, y);
    return;
  }
#endif
  for (int32_t i = 0; i < pixels; i++, y += p->out_c) {
    for (int32_t o = 0; o < p->out_c; o += EI_CONV_PANEL) {
      const int32_t width = p->out_c - o < EI_CONV_PANEL ? p->out_c - o : EI_CONV_PANEL;
      int64_t sum[EI_CONV_PANEL];
      for (int32_t j = 0; j < width; j++) sum[j] = ((const int64_t *)p->bias)[o + j];
      const int8_t *w = (const int8_t *)p->weights + o;
      for (int32_t s = 0; s < p->segments; s++, w += p->out_c) {
        const int16_t *x =
            (const int16_t *)(const void *)(segments[s] + (size_t)i * (size_t)step) + o;
        for (int32_t j = 0; j < width; j++) sum[j] += x[j] * w[j];
      }
      ei_conv_finish_i16(p, o, width, 0, sum, y + o);
    }
  }
}

EI_API ei_status ei_conv_i16(const void *params, const ei_io *io) {
  ei_convolve((const ei_conv_params *)params, io, 2, 2, 0, ei_strip_i16_i64);
  return EI_OK;
}

EI_API ei_status ei_conv_i16_bias32(const void *params, const ei_io *io) {
  ei_convolve((const ei_conv_params *)params, io, 2, 2, 0, ei_strip_i16_i32);
  return EI_OK;
}

EI_API ei_status ei_depthwise_i16(const void *params, const ei_io *io) {
  ei_convolve((const ei_conv_params *)params, io, 2, 2, 0, ei_depthwise_strip_i16);
  return EI_OK;
}

/* float32: weights (panels, segments, words, 16), each output summed over the kernel in its own
 * order, starting at the bias; multiplication and addition round separately here, and are fused by
 * the instruction sets with vectors (isa/conv_float.h). */
EI_API void ei_clamp_panel_f32(const ei_conv_params *p, int32_t width, const float *sum, float *y) {
  for (int32_t j = 0; j < width; j++) {
    const float v = sum[j] < p->low_f ? p->low_f : sum[j];
    y[j] = v > p->high_f ? p->high_f : v;
  }
}

#ifndef EI_HAVE_STRIP_F32
EI_API void ei_strip_f32(const ei_conv_params *p, const char *const *segments, int32_t pixels,
                         int32_t step, char *out) {
  float *y = (float *)(void *)out;
  for (int32_t i = 0; i < pixels; i++, y += p->out_c) {
    const float *w = (const float *)p->weights;
    for (int32_t o = 0; o < p->out_c; o += EI_CONV_PANEL) {
      float sum[EI_CONV_PANEL];
      for (int32_t j = 0; j < EI_CONV_PANEL; j++) sum[j] = ((const float *)p->bias)[o + j];
      for (int32_t s = 0; s < p->segments; s++) {
        const float *x = (const float *)(const void *)(segments[s] + (size_t)i * (size_t)step);
        for (int32_t k = 0; k < p->words; k++, w += EI_CONV_PANEL)
          for (int32_t j = 0; j < EI_CONV_PANEL; j++) sum[j] += x[k] * w[j];
      }
      const int32_t width = p->out_c - o < EI_CONV_PANEL ? p->out_c - o : EI_CONV_PANEL;
      ei_clamp_panel_f32(p, width, sum, y + o);
    }
  }
}
#endif

#ifndef EI_HAVE_DEPTHWISE_STRIP_F32
EI_API void ei_depthwise_strip_f32(const ei_conv_params *p, const char *const *segments,
                                   int32_t pixels, int32_t step, char *out) {
  float *y = (float *)(void *)out;
  for (int32_t i = 0; i < pixels; i++, y += p->out_c) {
    for (int32_t o = 0; o < p->out_c; o += EI_CONV_PANEL) {
      const int32_t width = p->out_c - o < EI_CONV_PANEL ? p->out_c - o : EI_CONV_PANEL;
      float sum[EI_CONV_PANEL];
      for (int32_t j = 0; j < width; j++) sum[j] = ((const float *)p->bias)[o + j];
      const float *w = (const float *)p->weights + o;
      for (int32_t s = 0; s < p->segments; s++, w += p->out_c) {
        const float *x = (const float *)(const void *)(segments[s] + (size_t)i * (size_t)step) + o;
        for (int32_t j = 0; j < width; j++) sum[j] += x[j] * w[j];
      }
      ei_clamp_panel_f32(p, width, sum, y + o);
    }
  }
}
#endif

EI_API ei_status ei_conv_f32(const void *params, const ei_io *io) {
  ei_convolve((const ei_conv_params *)params, io, 4, 4, 0, ei_strip_f32);
  return EI_OK;
}

EI_API ei_status ei_depthwise_f32(const void *params, const ei_io *io) {
  ei_convolve((const ei_conv_params *)params, io, 4, 4, 0, ei_depthwise_strip_f32);
  return EI_OK;
}

#endif
