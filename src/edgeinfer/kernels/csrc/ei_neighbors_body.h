/* Neighbours of one floating type: of the points for the panels, of the rows for the kernels.
 * Included once per type. */
#include "ei_float_begin.h"

#define EI_NAME     ei_panel_squares
#define EI_OF(a, i) ((a) * (a))
#include "ei_neighbors_sum_body.h"
#define EI_NAME     ei_panel_absolutes
#define EI_OF(a, i) (fabs(a))
#include "ei_neighbors_sum_body.h"
#define EI_NAME     ei_panel_powers
#define EI_OF(a, i) (pow(fabs(a), p->p))
#include "ei_neighbors_sum_body.h"
#define EI_NAME     ei_panel_weighted
#define EI_OF(a, i) (p->weights[i] * pow(fabs(a), p->p))
#include "ei_neighbors_sum_body.h"

/* One row against the points of a panel: what the heap compares. */
EI_API void EI_F(ei_neighbors_panel)(const ei_neighbors_params *p, const double *x,
                                     const EI_T *panel, double *values) {
  switch (p->metric) {
    case EI_MANHATTAN:
      EI_F(ei_panel_absolutes)(p, x, panel, values);
      break;
    case EI_CHEBYSHEV: {
      double most[EI_POINTS] = {0};
      for (int32_t i = 0; i < p->n_in; i++, panel += EI_POINTS)
        for (int32_t j = 0; j < EI_POINTS; j++) {
          const double a = fabs(x[i] - (double)panel[j]);
          most[j] = a > most[j] ? a : most[j];
        }
      for (int32_t j = 0; j < EI_POINTS; j++) values[j] = most[j];
      break;
    }
    case EI_MINKOWSKI:
      if (p->weights != NULL)
        EI_F(ei_panel_weighted)(p, x, panel, values);
      else
        EI_F(ei_panel_powers)(p, x, panel, values);
      break;
    case EI_COSINE: {
      double dot[EI_POINTS] = {0};
      for (int32_t i = 0; i < p->n_in; i++, panel += EI_POINTS)
        for (int32_t j = 0; j < EI_POINTS; j++) dot[j] += x[i] * (double)panel[j];
      for (int32_t j = 0; j < EI_POINTS; j++) {
        const double value = 1.0 - dot[j];
        values[j] = value < 0.0 ? 0.0 : (value > 2.0 ? 2.0 : value);
      }
      break;
    }
    default:
      EI_F(ei_panel_squares)(p, x, panel, values);
      break;
  }
}

/* Expanded squares of one row and the points of a panel. */
EI_API void EI_F(ei_panel_expanded)(const double *x, double square, const EI_T *panel,
                                    const double *norms, int32_t n, double *values) {
  double dot[EI_POINTS] = {0};
  for (int32_t i = 0; i < n; i++, panel += EI_POINTS)
    for (int32_t j = 0; j < EI_POINTS; j++) dot[j] = fma(x[i], (double)panel[j], dot[j]);
  for (int32_t j = 0; j < EI_POINTS; j++) values[j] = ei_expanded(square, dot[j], norms[j]);
}

/* Whether the direct sums of a panel show that no expanded one can enter the heap. */
EI_API int EI_F(ei_panel_far)(const ei_neighbors_params *p, const double *x, double square,
                              const EI_T *panel, const ei_nearest *heap) {
  double values[EI_POINTS];
  const double reach = heap->values[0] + ei_expanded_error(square, p->largest, p->n_in);
  EI_F(ei_panel_squares)(p, x, panel, values);
  int32_t far = 0;
  for (int32_t j = 0; j < EI_POINTS; j++) far += values[j] * (1.0 - 1e-9) > reach;
  return far == EI_POINTS;
}

/* Panels first..last - 1 against one row, whose `square` expanded distances need. */
EI_API void EI_F(ei_neighbors_scan)(const ei_neighbors_params *p, const double *x, double square,
                                    int32_t first, int32_t last, const ei_nearest *heap) {
  const EI_T *panel = (const EI_T *)p->points + (ptrdiff_t)first * EI_POINTS * p->n_in;
  double values[EI_POINTS];
  for (int32_t point = first * EI_POINTS; first < last;
       first++, point += EI_POINTS, panel += (ptrdiff_t)EI_POINTS * p->n_in) {
    if (p->norms == NULL) {
      EI_F(ei_neighbors_panel)(p, x, panel, values);
    } else {
      if (!EI_HAVE_FMA && EI_F(ei_panel_far)(p, x, square, panel, heap)) continue;
      EI_F(ei_panel_expanded)(x, square, panel, p->norms + point, p->n_in, values);
    }
    const int32_t left = p->n_points - point, count = left < EI_POINTS ? left : EI_POINTS;
    for (int32_t j = 0; j < count; j++) ei_nearest_offer(heap, values[j], point + j);
  }
}

/* Sum of `n` values in the order NumPy has for contiguous ones. */
EI_API EI_T EI_F(ei_pairwise_sum)(const EI_T *values, int32_t n) {
  if (n < 8) {
    EI_T sum = 0;
    for (int32_t i = 0; i < n; i++) sum += values[i];
    return sum;
  }
  if (n <= 128) {
    EI_T part[8];
    int32_t i = 8;
    for (int32_t j = 0; j < 8; j++) part[j] = values[j];
    for (; i < n - n % 8; i += 8)
      for (int32_t j = 0; j < 8; j++) part[j] += values[i + j];
    EI_T sum =
        ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
    for (; i < n; i++) sum += values[i];
    return sum;
  }
  const int32_t half = n / 2 - n / 2 % 8;
  return EI_F(ei_pairwise_sum)(values, half) + EI_F(ei_pairwise_sum)(values + half, n - half);
}

/* Distances -> weights 1 / distance; where some are zero, those count one and the others nothing.
 */
EI_API void EI_F(ei_neighbors_weights)(const EI_T *distances, int32_t k, EI_T *weights) {
  int zero = 0;
  for (int32_t i = 0; i < k; i++) {
    weights[i] = 1 / distances[i];
    zero |= isinf(weights[i]) != 0;
  }
  for (int32_t i = 0; zero && i < k; i++) weights[i] = isinf(weights[i]) ? (EI_T)1 : 0;
}

/* Class index of the greatest sum of weights, per output; of equals the lowest. */
EI_API ei_status EI_F(ei_neighbors_weighted_vote)(const void *params, const ei_io *io) {
  const ei_neighbors_table_params *p = (const ei_neighbors_table_params *)params;
  const int32_t *labels = (const int32_t *)p->table;
  const int64_t *index = (const int64_t *)io->in[0];
  const EI_T *distances = (const EI_T *)io->in[1];
  int64_t *y = (int64_t *)io->out[0];
  EI_T *weights = (EI_T *)io->scratch, *share = weights + p->k;
  for (int32_t r = 0; r < io->rows; r++, index += p->k, distances += p->k, y += p->n_outputs) {
    EI_F(ei_neighbors_weights)(distances, p->k, weights);
    for (int32_t i = 0; i < p->k; i++)
      if (index[i] < 0 || index[i] >= p->n_points) return EI_RANGE;
    for (int32_t o = 0; o < p->n_outputs; o++) {
      int32_t best = 0;
      EI_T most = 0;
      for (int32_t i = 0; i < p->k; i++) {
        const int32_t label = labels[(ptrdiff_t)index[i] * p->n_outputs + o];
        int32_t seen = 0;
        for (int32_t j = 0; j < p->k; j++) {
          const int same = labels[(ptrdiff_t)index[j] * p->n_outputs + o] == label;
          seen |= same && j < i;
          share[j] = same ? weights[j] : 0;
        }
        if (seen) continue;
        const EI_T sum = EI_F(ei_pairwise_sum)(share, p->k);
        if (sum > most || (sum == most && label < best && sum > 0)) {
          most = sum;
          best = label;
        }
      }
      y[o] = best;
    }
  }
  return EI_OK;
}

/* Share of the votes per class, of one output. */
EI_API ei_status EI_F(ei_neighbors_proba)(const void *params, const ei_io *io) {
  const ei_neighbors_table_params *p = (const ei_neighbors_table_params *)params;
  const int32_t *labels = (const int32_t *)p->table;
  const int64_t *index = (const int64_t *)io->in[0];
  const EI_T *distances = (const EI_T *)io->in[1];
  EI_T *y = (EI_T *)io->out[0];
  EI_T *weights = (EI_T *)io->scratch;
  for (int32_t i = 0; i < p->k; i++) weights[i] = 1;
  for (int32_t r = 0; r < io->rows; r++, index += p->k, distances += p->k, y += p->n_classes) {
    if (p->weighted) EI_F(ei_neighbors_weights)(distances, p->k, weights);
    for (int32_t c = 0; c < p->n_classes; c++) y[c] = 0;
    for (int32_t i = 0; i < p->k; i++) {
      if (index[i] < 0 || index[i] >= p->n_points) return EI_RANGE;
      y[labels[(ptrdiff_t)index[i]]] += weights[i];
    }
    const EI_T sum = EI_F(ei_pairwise_sum)(y, p->n_classes);
    for (int32_t c = 0; c < p->n_classes; c++) y[c] /= sum;
  }
  return EI_OK;
}

/* Mean of the targets, per output: of one output in NumPy's pairwise order, as weighted ones. */
EI_API ei_status EI_F(ei_neighbors_mean)(const void *params, const ei_io *io) {
  const ei_neighbors_table_params *p = (const ei_neighbors_table_params *)params;
  const EI_T *targets = (const EI_T *)p->table;
  const int64_t *index = (const int64_t *)io->in[0];
  const EI_T *distances = (const EI_T *)io->in[1];
  EI_T *y = (EI_T *)io->out[0];
  EI_T *weights = (EI_T *)io->scratch, *values = weights + p->k;
  const int in_order = !p->weighted && p->n_outputs > 1;
  EI_T total = (EI_T)p->k;
  for (int32_t r = 0; r < io->rows; r++, index += p->k, distances += p->k, y += p->n_outputs) {
    for (int32_t i = 0; i < p->k; i++)
      if (index[i] < 0 || index[i] >= p->n_points) return EI_RANGE;
    if (p->weighted) {
      EI_F(ei_neighbors_weights)(distances, p->k, weights);
      total = EI_F(ei_pairwise_sum)(weights, p->k);
    }
    for (int32_t o = 0; o < p->n_outputs; o++) {
      EI_T sum = 0;
      for (int32_t i = 0; i < p->k; i++) {
        values[i] = targets[(ptrdiff_t)index[i] * p->n_outputs + o];
        if (p->weighted) values[i] *= weights[i];
        sum += values[i];
      }
      y[o] = (in_order ? sum : EI_F(ei_pairwise_sum)(values, p->k)) / total;
    }
  }
  return EI_OK;
}

#include "ei_float_end.h"
