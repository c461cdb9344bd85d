/* Moving values: strided copies, padding, constants. */
#ifndef EI_MOVE_H
#define EI_MOVE_H

#include <string.h>

#include "ei_types.h"

#define EI_MOVE_AXES 8

typedef struct {
  const int32_t *extents; /* axes entries, outermost first */
  const int32_t *strides; /* in elements, of the side that is not contiguous */
  const void *fill;       /* padding: one element */
  int32_t axes;           /* at most EI_MOVE_AXES */
  int32_t run;            /* elements that lie together on both sides */
  int32_t size;           /* bytes of an element */
  int32_t offset;
  int32_t n_in;
  int32_t n_out;
} ei_move_params;

typedef struct {
  const void *values;
  int32_t bytes;
} ei_constant_params;

EI_API ei_status ei_constant(const void *params, const ei_io *io) {
  const ei_constant_params *p = (const ei_constant_params *)params;
  char *y = (char *)io->out[0];
  for (int32_t r = 0; r < io->rows; r++, y += p->bytes) memcpy(y, p->values, (size_t)p->bytes);
  return EI_OK;
}

/* One row: runs of one side in order, those of the other where the strides say. */
EI_API void ei_walk(const ei_move_params *p, const char *x, char *y, int gather) {
  int32_t index[EI_MOVE_AXES] = {0};
  const ptrdiff_t size = p->size;
  const size_t bytes = (size_t)p->run * (size_t)p->size;
  const int32_t last = p->axes - 1;
  ptrdiff_t at = p->offset;
  for (int32_t i = 0; i < p->axes; i++)
    if (p->extents[i] == 0) return;
  for (;;) {
    const int32_t n = p->extents[last];
    const ptrdiff_t step = p->strides[last] * size;
    const char *from = gather ? x + at * size : x;
    char *to = gather ? y : y + at * size;
    for (int32_t i = 0; i < n; i++) {
      memcpy(to, from, bytes);
      from += gather ? step : (ptrdiff_t)bytes;
      to += gather ? (ptrdiff_t)bytes : step;
    }
    if (gather)
      y += (size_t)n * bytes;
    else
      x += (size_t)n * bytes;
    int32_t axis = last - 1;
    for (; axis >= 0; axis--) {
      at += p->strides[axis];
      if (++index[axis] < p->extents[axis]) break;
      at -= (ptrdiff_t)p->extents[axis] * p->strides[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

EI_API ei_status ei_move(const void *params, const ei_io *io) {
  const ei_move_params *p = (const ei_move_params *)params;
  const char *x = (const char *)io->in[0];
  char *y = (char *)io->out[0];
  for (int32_t r = 0; r < io->rows; r++) {
    ei_walk(p, x, y, 1);
    x += (size_t)p->n_in * (size_t)p->size;
    y += (size_t)p->n_out * (size_t)p->size;
  }
  return EI_OK;
}

EI_API ei_status ei_pad(const void *params, const ei_io *io) {
  const ei_move_params *p = (const ei_move_params *)params;
  const char *x = (const char *)io->in[0];
  char *y = (char *)io->out[0];
  const size_t size = (size_t)p->size;
  for (int32_t r = 0; r < io->rows; r++) {
    for (size_t i = 0; i < (size_t)p->n_out; i++) memcpy(y + i * size, p->fill, size);
    if (p->n_in > 0) ei_walk(p, x, y, 0);
    x += (size_t)p->n_in * size;
    y += (size_t)p->n_out * size;
  }
  return EI_OK;
}

#endif
