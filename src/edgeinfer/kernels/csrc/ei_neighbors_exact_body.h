/* Exact squared distances of some points of one floating type; included once per type. */
#include "ei_float_begin.h"

EI_API void EI_F(ei_points_squares)(const ei_neighbors_codes_params *p, const double *x,
                                    const int32_t *index, int32_t count, double *squares) {
  const EI_T *points = (const EI_T *)p->points, *point[EI_CODE_EXACT];
  double total[EI_CODE_EXACT] = {0};
  for (int32_t j = 0; j < EI_CODE_EXACT; j++) point[j] = points + (ptrdiff_t)index[j] * p->n_in;
  if (count == 1) {
    for (int32_t i = 0; i < p->n_in; i++)
      total[0] += (x[i] - (double)point[0][i]) * (x[i] - (double)point[0][i]);
  } else {
    for (int32_t i = 0; i < p->n_in; i++)
      for (int32_t j = 0; j < EI_CODE_EXACT; j++)
        total[j] += (x[i] - (double)point[j][i]) * (x[i] - (double)point[j][i]);
  }
  for (int32_t j = 0; j < EI_CODE_EXACT; j++) squares[j] = total[j];
}

/* The same, expanded. */
EI_API void EI_F(ei_points_expanded)(const ei_neighbors_codes_params *p, const double *x,
                                     double square, const int32_t *index, int32_t count,
                                     double *squares) {
  const EI_T *points = (const EI_T *)p->points, *point[EI_CODE_EXACT];
  double dot[EI_CODE_EXACT] = {0};
  for (int32_t j = 0; j < EI_CODE_EXACT; j++) point[j] = points + (ptrdiff_t)index[j] * p->n_in;
  if (count == 1) {
    for (int32_t i = 0; i < p->n_in; i++) dot[0] = fma(x[i], (double)point[0][i], dot[0]);
  } else {
    for (int32_t i = 0; i < p->n_in; i++)
      for (int32_t j = 0; j < EI_CODE_EXACT; j++) dot[j] = fma(x[i], (double)point[j][i], dot[j]);
  }
  for (int32_t j = 0; j < EI_CODE_EXACT; j++)
    squares[j] = ei_expanded(square, dot[j], p->squares[index[j]]);
}

#include "ei_float_end.h"
