/* Neighbours by way of scikit-learn's own tree (boxes or balls), walked as it walks it: the nearer
 * child first, a node farther than the k-th neighbour not at all. So the points are offered in its
 * order, and of points equally far the same ones stay. */
#ifndef EI_NEIGHBORS_TREE_H
#define EI_NEIGHBORS_TREE_H

#include "ei_neighbors.h"

#define EI_TREE_DEPTH 32

typedef struct {
  const void *points;     /* the panels of all leaves: (panels, n_in, EI_POINTS) */
  const int32_t *indices; /* of each place in the panels: which point it is */
  const int32_t *panels;  /* of each leaf: its first panel */
  const int32_t *counts;  /* of each leaf: its points */
  const double *low;      /* (n_nodes, n_in): a corner of each box, or the centre of each ball */
  const double *high;     /* the other corner, or NULL */
  const double *radius;   /* of each ball, or NULL */
  const double *weights;
  double p;
  int32_t n_leaves; /* a power of two: they are the last nodes, node i has 2 i + 1 and 2 i + 2 */
  int32_t n_in;
  int32_t k;
  int32_t metric;
  int32_t float32;
} ei_neighbors_tree_params;

/* |x - y| ** p, weighted or not, of one feature; p is 1 or 2 for the metrics that are so. */
EI_API double ei_tree_power(const ei_neighbors_tree_params *p, double apart) {
  if (p->metric == EI_MANHATTAN) return apart;
  return p->metric == EI_MINKOWSKI ? pow(apart, p->p) : apart * apart;
}

/* The distance of a row to the centre of a ball. */
EI_API double ei_tree_centre(const ei_neighbors_tree_params *p, const double *x,
                             const double *centre) {
  double total = 0.0;
  for (int32_t i = 0; i < p->n_in; i++) {
    const double apart = fabs(x[i] - centre[i]);
    if (p->metric == EI_CHEBYSHEV)
      total = apart > total ? apart : total;
    else
      total += (p->weights != NULL ? p->weights[i] : 1.0) * ei_tree_power(p, apart);
  }
  return ei_nearest_distance(p->metric, p->p, total);
}

/* What the heap would compare for the nearest place of a box. `careful`: with pow, whose last bit
 * may not be that of a product. */
EI_API double ei_tree_box(const ei_neighbors_tree_params *p, const double *x, int32_t node,
                          int careful) {
  const double *low = p->low + (ptrdiff_t)node * p->n_in;
  const double *high = p->high + (ptrdiff_t)node * p->n_in;
  double total = 0.0;
  for (int32_t i = 0; i < p->n_in; i++) {
    const double below = low[i] - x[i], above = x[i] - high[i];
    const double twice = (below + fabs(below)) + (above + fabs(above)), apart = 0.5 * twice;
    if (p->metric == EI_CHEBYSHEV)
      total = apart > total ? apart : total;
    else
      total += careful ? pow(apart, 2.0) : ei_tree_power(p, apart);
  }
  return total;
}

EI_API double ei_tree_node(const ei_neighbors_tree_params *p, const double *x, int32_t node) {
  if (p->high != NULL) return ei_tree_box(p, x, node, 0);
  const double apart = ei_tree_centre(p, x, p->low + (ptrdiff_t)node * p->n_in) - p->radius[node];
  if (!(apart > 0.0)) return 0.0;
  if (p->metric == EI_MINKOWSKI) return pow(apart, p->p);
  return p->metric == EI_EUCLIDEAN ? apart * apart : apart;
}

/* a > b, where both come from products but the source has powers: decided by powers if it is close.
 */
EI_API int ei_tree_above(const ei_neighbors_tree_params *p, const double *x, double a, int32_t node,
                         double b, int32_t other) {
  if (p->high != NULL && p->metric == EI_EUCLIDEAN && fabs(a - b) <= 1e-13 * a) {
    a = ei_tree_box(p, x, node, 1);
    if (other >= 0) b = ei_tree_box(p, x, other, 1);
  }
  return a > b;
}

EI_API void ei_tree_leaf(const ei_neighbors_tree_params *p, const double *x, int32_t leaf,
                         const ei_nearest *heap) {
  const ei_neighbors_params all = {p->points, p->weights, NULL,      0.0,        p->p, 0,
                                   p->n_in,   p->k,       p->metric, p->float32, 0};
  double values[EI_POINTS];
  const int32_t *indices = p->indices + (ptrdiff_t)p->panels[leaf] * EI_POINTS;
  for (int32_t first = 0, panel = p->panels[leaf]; first < p->counts[leaf];
       first += EI_POINTS, panel++, indices += EI_POINTS) {
    const ptrdiff_t at = (ptrdiff_t)panel * EI_POINTS * p->n_in;
    if (p->float32)
      ei_neighbors_panel_f32(&all, x, (const float *)p->points + at, values);
    else
      ei_neighbors_panel_f64(&all, x, (const double *)p->points + at, values);
    const int32_t left = p->counts[leaf] - first, count = left < EI_POINTS ? left : EI_POINTS;
    for (int32_t j = 0; j < count; j++) ei_nearest_offer(heap, values[j], indices[j]);
  }
}

EI_API void ei_tree_search(const ei_neighbors_tree_params *p, const double *x,
                           const ei_nearest *heap) {
  struct {
    double apart;
    int32_t node;
  } stack[EI_TREE_DEPTH + 1];
  int32_t size = 1;
  stack[0].node = 0;
  stack[0].apart = ei_tree_node(p, x, 0);
  while (size > 0) {
    const double apart = stack[--size].apart;
    const int32_t node = stack[size].node;
    if (ei_tree_above(p, x, apart, node, heap->values[0], -1)) continue;
    if (node >= p->n_leaves - 1) {
      ei_tree_leaf(p, x, node - (p->n_leaves - 1), heap);
      continue;
    }
    const int32_t left = 2 * node + 1, right = left + 1;
    const double a = ei_tree_node(p, x, left), b = ei_tree_node(p, x, right);
    const int swapped = ei_tree_above(p, x, a, left, b, right);
    stack[size].node = swapped ? left : right;
    stack[size++].apart = swapped ? a : b;
    stack[size].node = swapped ? right : left;
    stack[size++].apart = swapped ? b : a;
  }
}

#define EI_FLOAT_BITS 64
#include "ei_neighbors_tree_body.h"
#define EI_FLOAT_BITS 32
#include "ei_neighbors_tree_body.h"

#endif
