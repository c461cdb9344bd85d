/* Nearest neighbours: an exact search of all points, and what estimators make of its result.
 *
 * A distance is summed over the features in ascending order in double, whatever the points are
 * stored in. The k nearest are kept in a heap of the shape, and filled in the order, that
 * scikit-learn's brute force has on one thread: of points equally far it keeps the same. */
#ifndef EI_NEIGHBORS_H
#define EI_NEIGHBORS_H

#include <float.h>

#include "ei_math.h"
#include "ei_types.h"

#define EI_POINTS       8     /* points side by side in a panel */
#define EI_POINTS_BYTES 16384 /* of panels that stay in cache while all rows pass */

enum {
  EI_EUCLIDEAN = 0,
  EI_SQEUCLIDEAN = 1,
  EI_MANHATTAN = 2,
  EI_CHEBYSHEV = 3,
  EI_MINKOWSKI = 4,
  EI_COSINE = 5 /* of rows and points of length one */
};

typedef struct {
  const void *points;    /* (panels, n_in, EI_POINTS), padded with zeros */
  const double *weights; /* n_in of them, or NULL: of a Minkowski distance */
  double p;              /* its power */
  int32_t n_points;
  int32_t n_in;
  int32_t k;
  int32_t metric;
  int32_t float32; /* points are float, not double */
} ei_neighbors_params;

typedef struct {
  const void *table; /* (n_points, n_outputs): int32 class indices, or floating targets */
  int32_t n_points;
  int32_t n_outputs;
  int32_t n_classes; /* the most of any output */
  int32_t k;
  int32_t weighted; /* by inverse distance */
} ei_neighbors_table_params;

/* The k nearest so far: a heap with the farthest at 0, of values that are all below DBL_MAX. */
typedef struct {
  double *values;
  int32_t *indices;
  int32_t k;
} ei_nearest;

EI_API void ei_nearest_clear(const ei_nearest *h) {
  for (int32_t i = 0; i < h->k; i++) {
    h->values[i] = DBL_MAX;
    h->indices[i] = 0;
  }
}

/* Put (value, index) into the first `size` places of the heap, whose top has become free. */
EI_API void ei_nearest_sink(const ei_nearest *h, int32_t size, double value, int32_t index) {
  int32_t at = 0;
  for (;;) {
    const int32_t left = 2 * at + 1, right = left + 1;
    if (left >= size) break;
    const int32_t child = right < size && h->values[right] > h->values[left] ? right : left;
    if (h->values[child] <= value) break;
    h->values[at] = h->values[child];
    h->indices[at] = h->indices[child];
    at = child;
  }
  h->values[at] = value;
  h->indices[at] = index;
}

EI_API void ei_nearest_offer(const ei_nearest *h, double value, int32_t index) {
  if (value < h->values[0]) ei_nearest_sink(h, h->k, value, index);
}

EI_API int ei_nearest_before(double a, int32_t i, double b, int32_t j) {
  return a < b || (a == b && i < j);
}

/* The heap as a list, nearest first, of equals the lower index first. */
EI_API void ei_nearest_sort(const ei_nearest *h) {
  for (int32_t size = h->k - 1; size > 0; size--) {
    const double value = h->values[size];
    const int32_t index = h->indices[size];
    h->values[size] = h->values[0];
    h->indices[size] = h->indices[0];
    ei_nearest_sink(h, size, value, index);
  }
  /* By value all is in place, so equals are neighbours: put each run of them in order. */
  for (int32_t first = 0, last; first < h->k; first = last) {
    for (last = first + 1; last < h->k && h->values[last] == h->values[first];) last++;
    for (int32_t gap = (last - first) / 2; gap > 0; gap /= 2)
      for (int32_t i = first + gap; i < last; i++) {
        const int32_t index = h->indices[i];
        int32_t j = i;
        for (; j >= first + gap && h->indices[j - gap] > index; j -= gap)
          h->indices[j] = h->indices[j - gap];
        h->indices[j] = index;
      }
  }
}

EI_API ptrdiff_t ei_aligned(ptrdiff_t bytes) { return (bytes + 63) / 64 * 64; }

/* The heap of row `r`; the heaps of all rows lie in `memory`, values before indices. */
EI_API ei_nearest ei_nearest_of(int32_t k, char *memory, int32_t rows, int32_t r) {
  const ptrdiff_t indices = ei_aligned((ptrdiff_t)rows * k * (ptrdiff_t)sizeof(double));
  const ei_nearest heap = {(double *)(void *)memory + (ptrdiff_t)r * k,
                           (int32_t *)(void *)(memory + indices) + (ptrdiff_t)r * k, k};
  return heap;
}

/* What the heap compares -> the distance. */
EI_API double ei_nearest_distance(int32_t metric, double power, double value) {
  if (metric == EI_EUCLIDEAN) return sqrt(value);
  if (metric == EI_MINKOWSKI) return pow(value, 1.0 / power);
  return value;
}

#define EI_FLOAT_BITS 64
#include "ei_neighbors_body.h"
#define EI_FLOAT_BITS 32
#include "ei_neighbors_body.h"

/* All points against all rows: some panels at a time, so that they are read from memory once. */
EI_API ei_status ei_neighbors_search(const ei_neighbors_params *p, const double *x, int32_t rows,
                                     char *scratch) {
  const int32_t panels = (p->n_points + EI_POINTS - 1) / EI_POINTS;
  const ptrdiff_t bytes = (ptrdiff_t)EI_POINTS * p->n_in * (p->float32 ? 4 : 8);
  const int32_t step = bytes < EI_POINTS_BYTES ? (int32_t)(EI_POINTS_BYTES / (bytes + 1)) + 1 : 1;
  for (int32_t r = 0; r < rows; r++) {
    const ei_nearest heap = ei_nearest_of(p->k, scratch, rows, r);
    ei_nearest_clear(&heap);
  }
  for (int32_t first = 0; first < panels; first += step) {
    const int32_t last = panels - first < step ? panels : first + step;
    for (int32_t r = 0; r < rows; r++) {
      const ei_nearest heap = ei_nearest_of(p->k, scratch, rows, r);
      const double *row = x + (ptrdiff_t)r * p->n_in;
      if (p->float32)
        ei_neighbors_scan_f32(p, row, first, last, &heap);
      else
        ei_neighbors_scan_f64(p, row, first, last, &heap);
    }
  }
  for (int32_t r = 0; r < rows; r++) {
    const ei_nearest heap = ei_nearest_of(p->k, scratch, rows, r);
    if (heap.values[0] >= DBL_MAX) return EI_INF; /* fewer than k points at a finite distance */
    ei_nearest_sort(&heap);
  }
  return EI_OK;
}

#define EI_FLOAT_BITS 64
#include "ei_neighbors_kernel_body.h"
#define EI_FLOAT_BITS 32
#include "ei_neighbors_kernel_body.h"

/* Class index of the most votes, per output; of equals the lowest. */
EI_API ei_status ei_neighbors_vote(const void *params, const ei_io *io) {
  const ei_neighbors_table_params *p = (const ei_neighbors_table_params *)params;
  const int32_t *labels = (const int32_t *)p->table;
  const int64_t *index = (const int64_t *)io->in[0];
  int64_t *y = (int64_t *)io->out[0];
  int32_t *votes = (int32_t *)io->scratch;
  for (int32_t r = 0; r < io->rows; r++, index += p->k, y += p->n_outputs) {
    for (int32_t i = 0; i < p->k; i++)
      if (index[i] < 0 || index[i] >= p->n_points) return EI_RANGE;
    for (int32_t o = 0; o < p->n_outputs; o++) {
      int32_t best = 0;
      for (int32_t c = 0; c < p->n_classes; c++) votes[c] = 0;
      for (int32_t i = 0; i < p->k; i++) votes[labels[(ptrdiff_t)index[i] * p->n_outputs + o]]++;
      for (int32_t c = 1; c < p->n_classes; c++)
        if (votes[c] > votes[best]) best = c;
      y[o] = best;
    }
  }
  return EI_OK;
}

#endif
