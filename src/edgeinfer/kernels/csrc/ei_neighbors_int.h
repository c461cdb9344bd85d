/* Neighbours in integers alone: rows and points are codes of one scale, and nothing else is kept of
 * the points. Sums are exact: of int8 in 32 bits up to 32768 features, of int16 in 64 bits. */
#ifndef EI_NEIGHBORS_INT_H
#define EI_NEIGHBORS_INT_H

#include "ei_neighbors.h"

typedef struct {
  const void *codes; /* (n_points, n_in) */
  double scale;
  int32_t n_points;
  int32_t n_in;
  int32_t k;
  int32_t metric; /* EI_COSINE: half of the squared distance of rows and points of length one */
} ei_neighbors_int_params;

/* What the heap compares -> the distance. */
EI_API float ei_neighbors_int_distance(const ei_neighbors_int_params *p, double value) {
  const double squared = p->scale * p->scale * value;
  if (p->metric == EI_EUCLIDEAN) return (float)(p->scale * sqrt(value));
  if (p->metric == EI_SQEUCLIDEAN) return (float)squared;
  if (p->metric == EI_COSINE) return (float)(0.5 * squared);
  return (float)(p->scale * value);
}

#define EI_Q        int8_t
#define EI_SUM      int32_t
#define EI_Q_(name) name##_i8
#include "ei_neighbors_int_body.h"
#define EI_Q        int16_t
#define EI_SUM      int64_t
#define EI_Q_(name) name##_i16
#include "ei_neighbors_int_body.h"

#endif
