/* Convolutions and poolings: their geometry, and the window of padded input
 * rows they read from.
 *
 * A convolution needs `extent` rows of the image at a time. They are copied,
 * with their padding, into a ring in scratch memory, each row once; behind that
 * no kernel has to think of borders, and what it reads lies in the first-level
 * cache. */
#ifndef EI_WINDOW_H
#define EI_WINDOW_H

#include <string.h>

#include "ei_types.h"

typedef struct {
  const void *weights;       /* packed, see ops/conv.py, conv_float.py */
  const void *bias;          /* of the accumulator's type, the input's zero point folded in */
  const void *extra;         /* for vectors: see ops/conv.py; NULL off the host */
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
  int32_t images;      /* a row is that many images */
  int32_t repeat;      /* in the window each channel comes that many times (depthwise) */
  int32_t direct;      /* the kernel is one pixel, without padding. 1: pixels are read where they
                          are; 2: `band` rows of them are collected at a time, `flip` flipped */
  int32_t segments;    /* parts of the kernel, each contiguous in a row of the window */
  int32_t words;       /* length of a segment: groups of 4 for int8, of 2 for int16, else
                          values */
  int32_t row_bytes;   /* of a row of the window */
  int32_t phase_bytes; /* 0, or: columns lie apart by their place in a horizontal stride */
  int32_t small;       /* sums are far from overflow: the shorter forms of rescaling hold; 2: and
                          there is nothing below the zero point, and every shift is to the right;
                          int16 with a 64-bit bias: 2, sums fit 32 bits without it, or 0 */
  int32_t band;        /* so many rows of outputs at a time: `direct` 2, depthwise 3 x 3, else 0 */
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

/* `bytes` bytes, those bits of each flipped that are set in `flip`. */
#ifndef EI_HAVE_COPY_FLIPPED
EI_API void ei_copy_flipped(char *to, const char *from, size_t bytes, char flip) {
  const uint64_t flips = (uint64_t)(unsigned char)flip * 0x0101010101010101u;
  size_t i = 0;
  if (flip == 0) {
    memcpy(to, from, bytes);
    return;
  }
  for (; i + 8 <= bytes; i += 8) {
    uint64_t eight;
    memcpy(&eight, from + i, 8);
    eight ^= flips;
    memcpy(to + i, &eight, 8);
  }
  for (; i < bytes; i++) to[i] = (char)(from[i] ^ flip);
}

/* `count` pixels by turns to `even` and `odd`. */
EI_API void ei_split_pixels(char *even, char *odd, const char *from, size_t pixel, int32_t count,
                            char flip) {
  for (int32_t c = 0; c < count; c++, from += pixel) {
    char **to = c % 2 == 0 ? &even : &odd;
    ei_copy_flipped(*to, from, pixel, flip);
    *to += pixel;
  }
}
#endif

/* What padding holds in the window: the zero point, one byte, as wider types
 * have zero. */
EI_API int ei_window_pad(const ei_conv_params *p, char flip) {
  return (unsigned char)(char)p->x_zero ^ (unsigned char)flip;
}

/* Row `y` of an image, which may lie outside of it, into a row of the window;
 * `size` bytes a value. The padding left and right of a row inside is there
 * already. */
EI_API void ei_window_load(const ei_conv_params *p, const char *image, int32_t y, size_t size,
                           char flip, char *row) {
  const size_t pixel = (size_t)p->in_c * size;
  const size_t wide = pixel * (size_t)p->repeat;
  const size_t length = (size_t)p->in_w * pixel;
  const char *x = image + (ptrdiff_t)y * (ptrdiff_t)length;
  const int split = p->phase_bytes != 0 && p->stride_w > 1;
  if (y < 0 || y >= p->in_h) {
    memset(row, ei_window_pad(p, flip), (size_t)p->row_bytes);
    return;
  }
  if (!split && p->repeat == 1) {
    ei_copy_flipped(row + (size_t)p->pad_left * pixel, x, length, flip);
    return;
  }
  int32_t phase = split ? p->pad_left % p->stride_w : 0;
  int32_t place = split ? p->pad_left / p->stride_w : p->pad_left;
  if (split && p->stride_w == 2 && p->repeat == 1) {
    char *first = row + (size_t)phase * (size_t)p->phase_bytes + (size_t)place * wide;
    char *second = row + (size_t)(1 - phase) * (size_t)p->phase_bytes;
    ei_split_pixels(first, second + (size_t)(place + phase) * wide, x, pixel, p->in_w, flip);
    return;
  }
  for (int32_t c = 0; c < p->in_w; c++, x += pixel) {
    char *to = row + (size_t)phase * (size_t)p->phase_bytes + (size_t)place * wide;
    if (p->repeat == 1) {
      ei_copy_flipped(to, x, pixel, flip);
    } else {
      for (size_t i = 0; i < pixel; i += size)
        for (int32_t k = 0; k < p->repeat; k++, to += size) ei_copy_flipped(to, x + i, size, flip);
    }
    if (!split || ++phase == p->stride_w) {
      phase = 0;
      place++;
    }
  }
}

/* Where a walk over the rows of outputs is: rows below `next` are in the ring,
 * that of the first row under the kernel in `slot`. `places` says where in a
 * row each part of the kernel begins. */
typedef struct {
  char *ring;
  const char **segments;
  size_t *places;
  int32_t next;
  int32_t slot;
} ei_window;

/* Scratch holds the table of segments (with three more), that of places, then
 * the ring. */
EI_API ei_window ei_window_start(const ei_conv_params *p, void *scratch, size_t size, char flip) {
  ei_window window;
  const size_t table = (((size_t)p->segments * 2 + 3) * sizeof(char *) + 63) / 64 * 64;
  const int32_t parts = p->segments / p->kernel_h;
  const size_t wide = (size_t)p->in_c * (size_t)p->repeat * size;
  window.segments = (const char **)scratch;
  window.places = (size_t *)(void *)(window.segments + p->segments + 3);
  window.ring = (char *)scratch + table;
  window.next = -p->pad_top;
  window.slot = 0;
  memset(window.ring, ei_window_pad(p, flip),
         (size_t)(ei_window_extent(p) + p->stride_h) * (size_t)p->row_bytes);
  for (int32_t j = 0; j < parts; j++) {
    const int32_t column = j * p->dilation_w;
    if (p->phase_bytes == 0)
      window.places[j] = (size_t)column * wide;
    else
      window.places[j] = (size_t)(column % p->stride_w) * (size_t)p->phase_bytes +
                         (size_t)(column / p->stride_w) * wide;
  }
  return window;
}

/* Loads what is missing of the rows under the row `out_y` of outputs and under
 * the next one, and makes `segments` point at the parts of the input under its
 * first output. The rows come one step early, because reading what has just
 * been written stalls. */
EI_API void ei_window_move(const ei_conv_params *p, ei_window *window, const char *image,
                           int32_t out_y, size_t size, char flip) {
  const int32_t extent = ei_window_extent(p), capacity = extent + p->stride_h;
  const int32_t first = out_y * p->stride_h - p->pad_top;
  const int32_t end = first + extent + (out_y + 1 < p->out_h ? p->stride_h : 0);
  if (out_y > 0) {
    window->slot += p->stride_h;
    if (window->slot >= capacity) window->slot -= capacity;
  }
  int32_t y = window->next > first ? window->next : first;
  int32_t slot = window->slot + (y - first);
  for (; y < end; y++, slot++) {
    if (slot >= capacity) slot -= capacity;
    ei_window_load(p, image, y, size, flip, window->ring + (size_t)slot * (size_t)p->row_bytes);
  }
  window->next = end;
  const int32_t parts = p->segments / p->kernel_h;
  for (int32_t k = 0; k < p->kernel_h; k++) {
    slot = window->slot + k * p->dilation_h;
    if (slot >= capacity) slot -= capacity;
    const char *row = window->ring + (size_t)slot * (size_t)p->row_bytes;
    for (int32_t j = 0; j < parts; j++) window->segments[k * parts + j] = row + window->places[j];
  }
  /* Whoever takes four segments at a time finds something to read (and
   * multiplies it by zero). */
  for (int32_t i = 0; i < 3; i++) window->segments[p->segments + i] = window->segments[0];
}

/* A strip computes `pixels` outputs, all channels of each, from the segments
 * under the first of them; the inputs of the next pixel are `step` bytes
 * further. */
typedef void (*ei_strip)(const ei_conv_params *p, const char *const *segments, int32_t pixels,
                         int32_t step, char *out);

/* A convolution of single pixels. What a band of outputs reads is put side by side, because bytes
 * are flipped 64 at a time there, and by 4 where they are multiplied. */
EI_API void ei_convolve_pixels(const ei_conv_params *p, const ei_io *io, size_t in_size,
                               size_t out_size, char flip, ei_strip strip) {
  const char *x = (const char *)io->in[0];
  char *y = (char *)io->out[0], *band = (char *)io->scratch;
  const size_t pixel = (size_t)p->in_c * in_size, in_row = (size_t)p->in_w * pixel;
  const size_t out_row = (size_t)p->out_w * (size_t)p->out_c * out_size;
  const size_t kept_row = (size_t)p->out_w * pixel;
  const int32_t rows = io->rows * p->images * p->out_h;
  const int whole = p->stride_h == 1 && p->stride_w == 1;
  const char *segments[1];
  segments[0] = band;
  for (int32_t first = 0; first < rows; first += p->band) {
    const int32_t count = rows - first < p->band ? rows - first : p->band;
    if (whole) {
      ei_copy_flipped(band, x + (size_t)first * in_row, (size_t)count * in_row, flip);
    } else {
      for (int32_t r = 0; r < count; r++) {
        const int32_t image = (first + r) / p->out_h, row = (first + r) % p->out_h * p->stride_h;
        const char *from = x + ((size_t)image * (size_t)p->in_h + (size_t)row) * in_row;
        char *to = band + (size_t)r * kept_row;
        for (int32_t c = 0; c < p->out_w; c++, to += pixel, from += (size_t)p->stride_w * pixel)
          ei_copy_flipped(to, from, pixel, flip);
      }
    }
    strip(p, segments, count * p->out_w, (int32_t)pixel, y + (size_t)first * out_row);
  }
}

/* Every output of a convolution, strip by strip; values have `flip` flipped in the window. */
EI_API void ei_convolve(const ei_conv_params *p, const ei_io *io, size_t in_size, size_t out_size,
                        char flip, ei_strip strip) {
  const char *x = (const char *)io->in[0];
  char *y = (char *)io->out[0];
  const int32_t images = io->rows * p->images;
  const size_t in_image = (size_t)p->in_h * (size_t)p->in_w * (size_t)p->in_c * in_size;
  const size_t out_row = (size_t)p->out_w * (size_t)p->out_c * out_size;
  if (p->direct == 2) {
    ei_convolve_pixels(p, io, in_size, out_size, flip, strip);
    return;
  }
  if (p->direct) {
    const char *segments[1];
    segments[0] = x;
    strip(p, segments, images * p->out_h * p->out_w, p->in_c * (int32_t)in_size, y);
    return;
  }
  const int32_t pixel = p->in_c * p->repeat * (int32_t)in_size;
  const int32_t step = p->phase_bytes != 0 ? pixel : p->stride_w * pixel;
  for (int32_t i = 0; i < images; i++, x += in_image) {
    ei_window window = ei_window_start(p, io->scratch, in_size, flip);
    for (int32_t row = 0; row < p->out_h; row++, y += out_row) {
      ei_window_move(p, &window, x, row, in_size, flip);
      strip(p, window.segments, p->out_w, step, y);
    }
  }
}

#endif
