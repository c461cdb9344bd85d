/* Values by places that a row computes: taken, written over, and the places of the largest. */
#ifndef EI_INDEXED_H
#define EI_INDEXED_H

#include <string.h>

#include "ei_types.h"

typedef struct {
  const int32_t *sizes; /* of the axes that an index has a number for */
  int32_t axes;
  int32_t batch;
  int32_t outer;
  int32_t n; /* the product of the sizes */
  int32_t m; /* indices of a batch */
  int32_t bytes;
} ei_gather_params;

typedef struct {
  const int32_t *extents;
  const int32_t *update_extents;
  const int32_t *strides; /* of the extents, in elements */
  int32_t axes;
  int32_t size; /* bytes of an element */
  int32_t n;
  int32_t n_update;
} ei_update_params;

typedef struct {
  int32_t outer;
  int32_t n;
  int32_t k;
} ei_top_params;

#define EI_GATHER_KERNEL(kernel, type)                                          \
  EI_API ei_status kernel(const void *params, const ei_io *io) {                \
    const ei_gather_params *p = (const ei_gather_params *)params;               \
    const char *x = (const char *)io->in[0];                                    \
    const type *index = (const type *)io->in[1];                                \
    char *y = (char *)io->out[0];                                               \
    const size_t bytes = (size_t)p->bytes;                                      \
    const ptrdiff_t batches = (ptrdiff_t)io->rows * p->batch;                   \
    for (ptrdiff_t b = 0; b < batches; b++, index += (ptrdiff_t)p->m * p->axes) \
      for (int32_t o = 0; o < p->outer; o++, x += (size_t)p->n * bytes)         \
        for (int32_t i = 0; i < p->m; i++, y += bytes) {                        \
          size_t place = 0;                                                     \
          for (int32_t a = 0; a < p->axes; a++) {                               \
            const type at = index[(ptrdiff_t)i * p->axes + a];                  \
            if (at < 0 || at >= p->sizes[a]) return EI_RANGE;                   \
            place = place * (size_t)p->sizes[a] + (size_t)at;                   \
          }                                                                     \
          memcpy(y, x + place * bytes, bytes);                                  \
        }                                                                       \
    return EI_OK;                                                               \
  }

EI_GATHER_KERNEL(ei_gather_i32, int32_t)
EI_GATHER_KERNEL(ei_gather_i64, int64_t)

#undef EI_GATHER_KERNEL

/* Runs of the update's last axis, each where its place among the others says. */
#define EI_UPDATE_KERNEL(kernel, type)                                                      \
  EI_API ei_status kernel(const void *params, const ei_io *io) {                            \
    const ei_update_params *p = (const ei_update_params *)params;                           \
    const char *x = (const char *)io->in[0], *from = (const char *)io->in[1];               \
    const type *start = (const type *)io->in[2];                                            \
    char *y = (char *)io->out[0];                                                           \
    const size_t size = (size_t)p->size, bytes = (size_t)p->n * size;                       \
    const int32_t run = p->update_extents[p->axes - 1];                                     \
    for (int32_t r = 0; r < io->rows; r++, x += bytes, y += bytes, start += p->axes) {      \
      memcpy(y, x, bytes);                                                                  \
      ptrdiff_t first = 0;                                                                  \
      for (int32_t a = 0; a < p->axes; a++) {                                               \
        const int32_t most = p->extents[a] - p->update_extents[a];                          \
        const int32_t at = start[a] < 0 ? 0 : (start[a] > most ? most : (int32_t)start[a]); \
        first += (ptrdiff_t)at * p->strides[a];                                             \
      }                                                                                     \
      for (int32_t i = 0; i < p->n_update / run; i++, from += (size_t)run * size) {         \
        ptrdiff_t at = first;                                                               \
        int32_t rest = i;                                                                   \
        for (int32_t a = p->axes - 2; a >= 0; a--) {                                        \
          at += (ptrdiff_t)(rest % p->update_extents[a]) * p->strides[a];                   \
          rest /= p->update_extents[a];                                                     \
        }                                                                                   \
        memcpy(y + (size_t)at * size, from, (size_t)run * size);                            \
      }                                                                                     \
    }                                                                                       \
    return EI_OK;                                                                           \
  }

EI_UPDATE_KERNEL(ei_update_i32, int32_t)
EI_UPDATE_KERNEL(ei_update_i64, int64_t)

#undef EI_UPDATE_KERNEL

/* Insertion into what was found so far; most values are below the last of it and leave at once.
 * A value that is unequal to itself is NaN, the least of all. */
#define EI_TOP_KERNEL(kernel, type)                                                          \
  EI_API ei_status kernel(const void *params, const ei_io *io) {                             \
    const ei_top_params *p = (const ei_top_params *)params;                                  \
    const type *x = (const type *)io->in[0];                                                 \
    type *best = (type *)io->out[0];                                                         \
    int32_t *place = (int32_t *)io->out[1];                                                  \
    const ptrdiff_t runs = (ptrdiff_t)io->rows * p->outer;                                   \
    for (ptrdiff_t r = 0; r < runs; r++, x += p->n, best += p->k, place += p->k)             \
      for (int32_t i = 0; i < p->n; i++) {                                                   \
        const type value = x[i];                                                             \
        int32_t at = i < p->k ? i : p->k;                                                    \
        while (at > 0 &&                                                                     \
               (value > best[at - 1] || (best[at - 1] != best[at - 1] && value == value))) { \
          at--;                                                                              \
          if (at + 1 < p->k) {                                                               \
            best[at + 1] = best[at];                                                         \
            place[at + 1] = place[at];                                                       \
          }                                                                                  \
        }                                                                                    \
        if (at == p->k) continue;                                                            \
        best[at] = value;                                                                    \
        place[at] = i;                                                                       \
      }                                                                                      \
    return EI_OK;                                                                            \
  }

EI_TOP_KERNEL(ei_top_f32, float)
EI_TOP_KERNEL(ei_top_i8, int8_t)
EI_TOP_KERNEL(ei_top_i16, int16_t)
EI_TOP_KERNEL(ei_top_i32, int32_t)

#undef EI_TOP_KERNEL

#endif
