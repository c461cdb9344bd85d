/* Euclidean neighbours by way of codes: an integer search that may not lose a neighbour, then the
 * exact distances of the few points that are left. The result is that of ei_neighbors.h.
 *
 * Points and rows are coded on a grid, x = centre + scale * (code + error) with codes of 8 bits,
 * and |x - y| differs from scale * |code - code| by at most scale * (|error of x| + |error of y|).
 * Codes that saturate have a large error; the bound holds for any row. */
#ifndef EI_NEIGHBORS_CODES_H
#define EI_NEIGHBORS_CODES_H

#include <string.h>

#include "ei_neighbors.h"
#include "ei_neighbors_codes_params.h"

/* What is known of a row while its candidates are collected. */
typedef struct {
  double error;    /* of row and points together, in codes */
  double square;   /* |row|^2, if distances are expanded */
  double slack;    /* by how much two expanded squares may err, in codes */
  int32_t norm;    /* |code|^2 of the row */
  int32_t limit;   /* a point is out unless its score is below */
  int32_t count;   /* of candidates */
  int32_t flooded; /* there were too many */
} ei_codes_row;

typedef struct {
  int32_t score; /* |code of point|^2 - 2 code of point . code of row */
  int32_t index;
} ei_candidate;

/* Scores of `count` rows, `stride` bytes apart, with the points of one group, and which of them are
 * below the row's limit (bit j: point j). Codes of rows are stored with EI_CODE_BIAS added. */
#ifndef EI_HAVE_CODES_TILE
#define EI_CODE_BIAS 0
EI_API void ei_codes_tile(const ei_neighbors_codes_params *p, int32_t group, const uint8_t *rows,
                          ptrdiff_t stride, int32_t count, const int32_t *limits, int32_t *scores,
                          uint32_t *below) {
  const int32_t *norms = p->norms + (ptrdiff_t)group * EI_CODE_POINTS;
  for (int32_t r = 0; r < count; r++, rows += stride, scores += EI_CODE_POINTS) {
    const int8_t *codes = p->codes + (ptrdiff_t)group * p->n_codes * EI_CODE_POINTS * 4;
    int32_t dots[EI_CODE_POINTS] = {0};
    for (int32_t i = 0; i < p->n_codes; i++, codes += EI_CODE_POINTS * 4) {
      const int32_t a = (int8_t)rows[4 * i], b = (int8_t)rows[4 * i + 1];
      const int32_t c = (int8_t)rows[4 * i + 2], d = (int8_t)rows[4 * i + 3];
      for (int32_t j = 0; j < EI_CODE_POINTS; j++)
        dots[j] +=
            a * codes[4 * j] + b * codes[4 * j + 1] + c * codes[4 * j + 2] + d * codes[4 * j + 3];
    }
    uint32_t mask = 0;
    for (int32_t j = 0; j < EI_CODE_POINTS; j++) {
      scores[j] = norms[j] - 2 * dots[j];
      mask |= (uint32_t)(scores[j] < limits[r]) << j;
    }
    below[r] = mask;
  }
}
#endif

/* The scores of points no farther than `reach`, in codes, are below this. */
EI_API int32_t ei_codes_limit(const ei_codes_row *row, double reach) {
  const double limit = reach * reach * (1.0 + 1e-9) + 2.0 - (double)row->norm;
  return limit < 2147483647.0 ? (int32_t)limit : INT32_MAX;
}

/* The limit for points whose computed squared distance is at most `square`. */
EI_API int32_t ei_codes_limit_exact(const ei_neighbors_codes_params *p, const ei_codes_row *row,
                                    double square) {
  const double reach = sqrt(square) / p->scale * (1.0 + 1e-9);
  return ei_codes_limit(row, sqrt(reach * reach + row->slack) + row->error);
}

/* Codes of one row. */
EI_API void ei_codes_of(const ei_neighbors_codes_params *p, const double *x, uint8_t *codes,
                        ei_codes_row *row) {
  double squares = 0.0;
  int32_t norm = 0;
  for (int32_t i = 0; i < p->n_in; i++) {
    const double value = (x[i] - p->centre[i]) / p->scale;
    const double rounded = rint(value > -128.0 ? (value < 127.0 ? value : 127.0) : -128.0);
    const int32_t code = (int32_t)rounded;
    squares += (value - rounded) * (value - rounded);
    norm += code * code;
    codes[i] = (uint8_t)(code + EI_CODE_BIAS);
  }
  for (int32_t i = p->n_in; i < 4 * p->n_codes; i++) codes[i] = EI_CODE_BIAS;
  /* A grid that hits every value has no error at all; otherwise rounding adds to it. */
  const double error = sqrt(squares) + p->error;
  row->error = error > 0.0 ? error * (1.0 + 1e-9) + 1e-9 : error;
  row->square = row->slack = 0.0;
  if (p->squares != NULL) {
    row->square = ei_square_of(x, p->n_in, p->order);
    row->slack = 2.0 * ei_expanded_error(row->square, p->largest, p->n_in) / (p->scale * p->scale);
  }
  row->norm = norm;
  row->limit = INT32_MAX;
  row->count = 0;
  row->flooded = 0;
}

#define EI_FLOAT_BITS 64
#include "ei_neighbors_exact_body.h"
#define EI_FLOAT_BITS 32
#include "ei_neighbors_exact_body.h"

/* Exact squared distances of `count` candidates. */
EI_API void ei_codes_exact(const ei_neighbors_codes_params *p, const double *x, double square,
                           const ei_candidate *candidates, int32_t count, double *squares) {
  for (int32_t i = 0; i < count; i += EI_CODE_EXACT) {
    const int32_t left = count - i;
    double values[EI_CODE_EXACT];
    int32_t index[EI_CODE_EXACT];
    for (int32_t j = 0; j < EI_CODE_EXACT; j++) index[j] = candidates[j < left ? i + j : i].index;
    if (p->squares != NULL && p->float32)
      ei_points_expanded_f32(p, x, square, index, left, values);
    else if (p->squares != NULL)
      ei_points_expanded_f64(p, x, square, index, left, values);
    else if (p->float32)
      ei_points_squares_f32(p, x, index, left, values);
    else
      ei_points_squares_f64(p, x, index, left, values);
    for (int32_t j = 0; j < EI_CODE_EXACT && j < left; j++) squares[i + j] = values[j];
  }
}

/* One row, every point that may enter the heap offered to it in order: what no search with a limit
 * known beforehand can tell is which of equal distances stay. */
EI_API void ei_codes_in_order(const ei_neighbors_codes_params *p, const double *x,
                              const uint8_t *codes, ei_codes_row *row, const ei_nearest *heap) {
  const int32_t groups = (p->n_points + EI_CODE_POINTS - 1) / EI_CODE_POINTS;
  int32_t scores[EI_CODE_POINTS];
  ei_nearest_clear(heap);
  row->limit = INT32_MAX;
  for (int32_t g = 0; g < groups; g++) {
    uint32_t below;
    ei_codes_tile(p, g, codes, 0, 1, &row->limit, scores, &below);
    for (int32_t j = 0; below != 0; j++, below >>= 1) {
      if (!(below & 1) || scores[j] >= row->limit) continue;
      const ei_candidate candidate = {scores[j], g * EI_CODE_POINTS + j};
      double square;
      ei_codes_exact(p, x, row->square, &candidate, 1, &square);
      if (!(square < heap->values[0])) continue;
      ei_nearest_offer(heap, square, candidate.index);
      if (heap->values[0] < DBL_MAX) row->limit = ei_codes_limit_exact(p, row, heap->values[0]);
    }
  }
}

/* Drop the candidates that are out by now. */
EI_API void ei_codes_drop(ei_codes_row *row, ei_candidate *candidates) {
  int32_t kept = 0;
  for (int32_t i = 0; i < row->count; i++) {
    candidates[kept] = candidates[i];
    kept += candidates[i].score < row->limit;
  }
  row->count = kept;
}

/* Take in the points of a group that are below the limit. `heap`: the k lowest scores so far. A
 * point farther than the k-th of them by more than twice the error cannot be a neighbour. */
EI_API void ei_codes_collect(ei_codes_row *row, ei_candidate *candidates, const ei_nearest *heap,
                             const int32_t *scores, uint32_t below, int32_t first) {
  if (row->count > EI_CODE_KEPT - EI_CODE_POINTS) {
    ei_codes_drop(row, candidates);
    if (row->count > EI_CODE_KEPT / 2) {
      row->flooded = 1;
      row->limit = INT32_MIN;
      return;
    }
  }
  for (int32_t j = 0; below != 0; j++, below >>= 1) {
    if (!(below & 1) || scores[j] >= row->limit) continue;
    candidates[row->count].score = scores[j];
    candidates[row->count++].index = first + j;
    if (!((double)scores[j] < heap->values[0])) continue;
    ei_nearest_offer(heap, (double)scores[j], first + j);
    if (heap->values[0] < DBL_MAX) {
      const double reach = sqrt(heap->values[0] + (double)row->norm) + row->error;
      row->limit = ei_codes_limit(row, sqrt(reach * reach + row->slack) + row->error);
    }
  }
}

/* Candidates -> the k nearest, in `heap`. `squares` has room for all candidates. */
EI_API void ei_codes_finish(const ei_neighbors_codes_params *p, const double *x,
                            const uint8_t *codes, ei_codes_row *row, ei_candidate *candidates,
                            const ei_nearest *heap, double *squares) {
  if (row->flooded) {
    ei_codes_in_order(p, x, codes, row, heap);
    return;
  }
  /* The exact distances of the k lowest scores bound that of the k-th neighbour. */
  double farthest = 0.0;
  for (int32_t i = 0; i < heap->k; i += EI_CODE_EXACT) {
    ei_candidate some[EI_CODE_EXACT];
    const int32_t count = heap->k - i < EI_CODE_EXACT ? heap->k - i : EI_CODE_EXACT;
    for (int32_t j = 0; j < count; j++) some[j].index = heap->indices[i + j];
    ei_codes_exact(p, x, row->square, some, count, squares);
    for (int32_t j = 0; j < count; j++) farthest = squares[j] > farthest ? squares[j] : farthest;
  }
  const int32_t limit = ei_codes_limit_exact(p, row, farthest);
  row->limit = limit < row->limit ? limit : row->limit;
  ei_codes_drop(row, candidates);
  ei_codes_exact(p, x, row->square, candidates, row->count, squares);
  ei_nearest_clear(heap);
  for (int32_t i = 0; i < row->count; i++) ei_nearest_offer(heap, squares[i], candidates[i].index);
  /* More points as far as the farthest than there is room for: their order decides. */
  int32_t equal = 0;
  for (int32_t i = 0; i < row->count; i++) equal += squares[i] == heap->values[0];
  for (int32_t i = 0; i < heap->k; i++) equal -= heap->values[i] == heap->values[0];
  if (equal > 0) {
    ei_codes_in_order(p, x, codes, row, heap);
  } else {
    /* The order of equals that stay follows from where all that ever entered had been. */
    ei_nearest_sort(heap);
    int32_t twice = 0;
    for (int32_t i = 1; i < heap->k; i++) twice += heap->values[i] == heap->values[i - 1];
    if (twice > 0)
      ei_codes_in_order(p, x, codes, row, heap);
    else
      for (int32_t i = 0; i < heap->k / 2; i++) ei_nearest_swap(heap, i, heap->k - 1 - i);
  }
}

/* Memory of a search: see NeighborSearch.lower. */
typedef struct {
  uint8_t *codes;
  ei_codes_row *rows;
  int32_t *limits;
  ei_candidate *candidates;
  double *squares;
  char *room;
  char *heaps;
} ei_codes_memory;

EI_API ei_codes_memory ei_codes_divide(const ei_neighbors_codes_params *p, char *scratch,
                                       int32_t rows) {
  ei_codes_memory m;
  m.squares = (double *)(void *)scratch;
  scratch += EI_CODE_KEPT * sizeof(double);
  m.candidates = (ei_candidate *)(void *)scratch;
  scratch += (ptrdiff_t)rows * EI_CODE_KEPT * (ptrdiff_t)sizeof(ei_candidate);
  m.rows = (ei_codes_row *)(void *)scratch;
  scratch += ei_aligned(rows * (ptrdiff_t)sizeof(ei_codes_row));
  m.limits = (int32_t *)(void *)scratch;
  scratch += ei_aligned(rows * (ptrdiff_t)sizeof(int32_t));
  m.codes = (uint8_t *)scratch;
  scratch += ei_aligned((ptrdiff_t)rows * 4 * p->n_codes);
  m.room = ei_nearest_room(p->k, &scratch);
  m.heaps = scratch;
  return m;
}

EI_API ei_status ei_neighbors_codes_search(const ei_neighbors_codes_params *p, const double *x,
                                           int32_t rows, const ei_codes_memory *m) {
  const int32_t groups = (p->n_points + EI_CODE_POINTS - 1) / EI_CODE_POINTS;
  const ptrdiff_t stride = (ptrdiff_t)4 * p->n_codes;
  for (int32_t r = 0; r < rows; r++) {
    const ei_nearest heap = ei_nearest_of(p->k, m->heaps, rows, r);
    ei_codes_of(p, x + (ptrdiff_t)r * p->n_in, m->codes + r * stride, &m->rows[r]);
    m->limits[r] = m->rows[r].limit;
    ei_nearest_clear(&heap);
  }
  for (int32_t g = 0; g < groups; g++) {
    for (int32_t r = 0; r < rows; r += EI_CODE_ROWS) {
      const int32_t count = rows - r < EI_CODE_ROWS ? rows - r : EI_CODE_ROWS;
      int32_t scores[EI_CODE_ROWS * EI_CODE_POINTS];
      uint32_t below[EI_CODE_ROWS];
      ei_codes_tile(p, g, m->codes + r * stride, stride, count, m->limits + r, scores, below);
      for (int32_t i = 0; i < count; i++) {
        if (below[i] == 0) continue;
        const ei_nearest heap = ei_nearest_of(p->k, m->heaps, rows, r + i);
        ei_codes_collect(&m->rows[r + i], m->candidates + (ptrdiff_t)(r + i) * EI_CODE_KEPT, &heap,
                         scores + i * EI_CODE_POINTS, below[i], g * EI_CODE_POINTS);
        m->limits[r + i] = m->rows[r + i].limit;
      }
    }
  }
  for (int32_t r = 0; r < rows; r++) {
    const ei_nearest heap = ei_nearest_of(p->k, m->heaps, rows, r);
    ei_codes_finish(p, x + (ptrdiff_t)r * p->n_in, m->codes + r * stride, &m->rows[r],
                    m->candidates + (ptrdiff_t)r * EI_CODE_KEPT, &heap, m->squares);
    if (heap.values[0] >= DBL_MAX) return EI_INF; /* fewer than k points at a finite distance */
    ei_nearest_finish(&heap, m->room);
  }
  return EI_OK;
}

#define EI_FLOAT_BITS 64
#include "ei_neighbors_codes_body.h"
#define EI_FLOAT_BITS 32
#include "ei_neighbors_codes_body.h"

#endif
