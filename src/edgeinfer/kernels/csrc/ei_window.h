/* Convolutions and poolings: their geometry, and the window of padded input rows they read from.
 *
 * A convolution needs `extent` rows of the image at a time. They are copied, with their padding,
 * into a ring in scratch memory, each row once; behind that no kernel has to think of borders, and
 * what it reads lies in the first-level cache. */
#ifndef EI_WINDOW_H
#define EI_WINDOW_H

#include <string.h>

#include "ei_types.h"

typedef struct {
  const void *weights;       /* packed, see ops/conv.py */
  const void *bias;          /* of the accumulator's type, the input's zero point folded in */
  const void *bias_unsigned; /* the same for inputs to which 128 was added, or NULL */
  const int32_t *multiplier; /* per output channel, integers only */
  const int32_t *shift;
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
  int32_t images;    /* a row is that many images */
  int32_t repeat;    /* in the window each channel comes that many times (depthwise) */
  int32_t direct;    /* 1: pixels are read where they are, without a window */
  int32_t segments;  /* parts of the kernel, each contiguous in a row of the window */
  int32_t words;     /* length of a segment: groups of 4 for int8, else values */
  int32_t row_bytes; /* of a row of the window */
  int32_t x_zero;
  int32_t y_zero;
  int32_t low; /* bounds of the output integers */
  int32_t high;
  float low_f; /* bounds of floating outputs */
  float high_f;
} ei_conv_params;

/* Rows of the image that one row of outputs touches. */
EI_API int32_t ei_window_extent(const ei_conv_params *p) {
  return (p->kernel_h - 1) * p->dilation_h + 1;
}

/* Row `y` of an image, which may lie outside of it, into a row of the window; `size` bytes a value.
 * Padding is the zero point: one byte, as wider types have zero. */
EI_API void ei_window_load(const ei_conv_params *p, const char *image, int32_t y, size_t size,
                           char *row) {
  const size_t pixel = (size_t)p->in_c * size;
  const size_t left = (size_t)p->pad_left * (size_t)p->repeat * pixel;
  const size_t length = (size_t)p->in_w * pixel;
  if (y < 0 || y >= p->in_h) {
    memset(row, p->x_zero, (size_t)p->row_bytes);
    return;
  }
  memset(row, p->x_zero, left);
  const char *x = image + (size_t)y * length;
  if (p->repeat == 1) {
    memcpy(row + left, x, length);
  } else {
    char *to = row + left;
    for (size_t i = 0; i < length; i += size)
      for (int32_t k = 0; k < p->repeat; k++, to += size) memcpy(to, x + i, size);
  }
  const size_t end = left + length * (size_t)p->repeat;
  memset(row + end, p->x_zero, (size_t)p->row_bytes - end);
}

/* Where a walk over the rows of outputs is: rows below `next` are in the ring. */
typedef struct {
  char *ring;
  const char **segments;
  int32_t next;
} ei_window;

/* Scratch holds the table of segments, then the ring. */
EI_API ei_window ei_window_start(const ei_conv_params *p, void *scratch) {
  ei_window window;
  const size_t table = ((size_t)p->segments * sizeof(char *) + 63) / 64 * 64;
  window.segments = (const char **)scratch;
  window.ring = (char *)scratch + table;
  window.next = -p->pad_top;
  return window;
}

/* Makes `segments` point at the parts of the input under the first output of row `out_y`. */
EI_API void ei_window_move(const ei_conv_params *p, ei_window *window, const char *image,
                           int32_t out_y, size_t size) {
  const int32_t extent = ei_window_extent(p);
  const int32_t first = out_y * p->stride_h;
  for (int32_t y = window->next; y < first + extent - p->pad_top; y++)
    if (y + p->pad_top >= first)
      ei_window_load(p, image, y, size,
                     window->ring + (size_t)((y + p->pad_top) % extent) * (size_t)p->row_bytes);
  window->next = first + extent - p->pad_top;
  const int32_t parts = p->segments / p->kernel_h;
  const size_t step = (size_t)p->dilation_w * (size_t)p->in_c * (size_t)p->repeat * size;
  for (int32_t k = 0; k < p->kernel_h; k++) {
    const int32_t slot = (first + k * p->dilation_h) % extent;
    const char *row = window->ring + (size_t)slot * (size_t)p->row_bytes;
    for (int32_t j = 0; j < parts; j++) window->segments[k * parts + j] = row + (size_t)j * step;
  }
}

/* A strip computes `pixels` outputs, all channels of each, from the segments under the first of
 * them; the inputs of the next pixel are `step` bytes further. */
typedef void (*ei_strip)(const ei_conv_params *p, const char *const *segments, int32_t pixels,
                         int32_t step, char *out);

/* Every output of a convolution, strip by strip. */
EI_API void ei_convolve(const ei_conv_params *p, const ei_io *io, size_t in_size, size_t out_size,
                        ei_strip strip) {
  const char *x = (const char *)io->in[0];
  char *y = (char *)io->out[0];
  const int32_t images = io->rows * p->images;
  const size_t in_image = (size_t)p->in_h * (size_t)p->in_w * (size_t)p->in_c * in_size;
  const size_t out_row = (size_t)p->out_w * (size_t)p->out_c * out_size;
  if (p->direct) {
    const char *segments[1];
    segments[0] = x;
    strip(p, segments, images * p->out_h * p->out_w, p->in_c * (int32_t)in_size, y);
    return;
  }
  const int32_t step = p->stride_w * p->in_c * p->repeat * (int32_t)in_size;
  for (int32_t i = 0; i < images; i++, x += in_image) {
    ei_window window = ei_window_start(p, io->scratch);
    for (int32_t row = 0; row < p->out_h; row++, y += out_row) {
      ei_window_move(p, &window, x, row, in_size);
      strip(p, window.segments, p->out_w, step, y);
    }
  }
}

#endif
