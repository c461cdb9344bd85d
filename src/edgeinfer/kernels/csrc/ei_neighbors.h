/* Nearest neighbours: an exact search of all points, and what estimators make of its result.
 *
 * A distance is summed over the features in ascending order in double, whatever the points are
 * stored in, or expanded as in ei_expanded.h. The k nearest are kept in the heap, filled in the
 * order, that scikit-learn's brute force has on one thread: of points equally far it keeps the
 * same. */
#ifndef EI_NEIGHBORS_H
#define EI_NEIGHBORS_H

#include "ei_expanded.h"
#include "ei_math.h"
#include "ei_nearest.h"
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
  const double *norms;   /* of the points, padded with zeros, or NULL: see ei_expanded.h */
  double largest;        /* the largest of them */
  double p;              /* its power */
  int32_t n_points;
  int32_t n_in;
  int32_t k;
  int32_t metric;
  int32_t float32; /* points are float, not double */
  int32_t order;   /* how the square of a row is summed */
} ei_neighbors_params;

typedef struct {
  const void *table; /* (n_points, n_outputs): int32 class indices, or floating targets */
  int32_t n_points;
  int32_t n_outputs;
  int32_t n_classes; /* the most of any output */
  int32_t k;
  int32_t weighted; /* by inverse distance */
} ei_neighbors_table_params;

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
                                     char *scratch, char *heaps) {
  const int32_t panels = (p->n_points + EI_POINTS - 1) / EI_POINTS;
  const ptrdiff_t bytes = (ptrdiff_t)EI_POINTS * p->n_in * (p->float32 ? 4 : 8);
  const int32_t step = bytes < EI_POINTS_BYTES ? (int32_t)(EI_POINTS_BYTES / (bytes + 1)) + 1 : 1;
  char *room = ei_nearest_room(p->k, &scratch);
  double *squares = (double *)(void *)scratch;
  for (int32_t r = 0; r < rows; r++) {
    const ei_nearest heap = ei_nearest_of(p->k, heaps, rows, r);
    ei_nearest_clear(&heap);
    squares[r] =
        p->norms == NULL ? 0.0 : ei_square_of(x + (ptrdiff_t)r * p->n_in, p->n_in, p->order);
  }
  for (int32_t first = 0; first < panels; first += step) {
    const int32_t last = panels - first < step ? panels : first + step;
    for (int32_t r = 0; r < rows; r++) {
      const ei_nearest heap = ei_nearest_of(p->k, heaps, rows, r);
      const double *row = x + (ptrdiff_t)r * p->n_in;
      if (p->float32)
        ei_neighbors_scan_f32(p, row, squares[r], first, last, &heap);
      else
        ei_neighbors_scan_f64(p, row, squares[r], first, last, &heap);
    }
  }
  for (int32_t r = 0; r < rows; r++) {
    const ei_nearest heap = ei_nearest_of(p->k, heaps, rows, r);
    if (heap.values[0] >= DBL_MAX) return EI_INF; /* fewer than k points at a finite distance */
    ei_nearest_finish(&heap, room);
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
