/* Support vector machines of one floating type; included once per type. */
#include "ei_float_begin.h"
#define EI_WIDTH EI_F(EI_PANEL)

EI_API EI_T EI_F(ei_integer_power)(EI_T base, int32_t exponent) {
  EI_T result = 1;
  for (int32_t t = exponent; t > 0; t /= 2) {
    if (t % 2 == 1) result *= base;
    base *= base;
  }
  return result;
}

/* Products or distances -> kernel values, in place. */
EI_API void EI_F(ei_svm_finish)(const ei_svm_params *p, EI_T *values, int32_t count) {
  const EI_T gamma = (EI_T)p->gamma, coef0 = (EI_T)p->coef0;
  switch (p->kernel) {
    case EI_SVM_RBF:
      for (int32_t i = 0; i < count; i++) values[i] = EI_F(ei_exponential)(-gamma * values[i]);
      break;
    case EI_SVM_POLY:
      for (int32_t i = 0; i < count; i++)
        values[i] = EI_F(ei_integer_power)(gamma * values[i] + coef0, p->degree);
      break;
    case EI_SVM_SIGMOID:
      for (int32_t i = 0; i < count; i++) values[i] = EI_F(ei_tangent)(gamma * values[i] + coef0);
      break;
    default:
      break;
  }
}

/* `rows` rows, `row` values apart, with one panel: products, or distances. */
EI_API void EI_F(ei_svm_panel)(int32_t distances, const EI_T *x, int32_t rows, int32_t row,
                               int32_t n, const EI_T *panel, EI_T *sums, int32_t stride) {
  if (rows == EI_TILE_ROWS) {
    if (distances)
      EI_F(ei_tile_distances)(x, row, n, panel, sums, stride);
    else
      EI_F(ei_tile_dots)(x, row, n, panel, sums, stride);
    return;
  }
  for (int32_t r = 0; r < rows; r++, x += row, sums += stride) {
    if (distances)
      EI_F(ei_row_distances)(x, n, panel, sums);
    else
      EI_F(ei_row_dots)(x, n, panel, sums);
  }
}

/* What the vectors of each class add to its decisions -> the decisions. */
EI_API void EI_F(ei_svm_decide)(const ei_svm_params *p, const EI_T *sums, EI_T *y) {
  const EI_T *intercept = (const EI_T *)p->intercept;
  const int32_t n = p->n_classes, columns = p->n_columns;
  if (n == 1) {
    y[0] = sums[0] + intercept[0];
    return;
  }
  for (int32_t i = 0, k = 0; i < n; i++)
    for (int32_t j = i + 1; j < n; j++, k++)
      y[k] = sums[i * columns + j - 1] + sums[j * columns + i] + intercept[k];
}

/* Products or distances of up to a tile of rows with all vectors -> their decisions. `values` are
 * changed; scratch follows them. */
EI_API void EI_F(ei_svm_tile)(const ei_svm_params *p, EI_T *values, int32_t padded, int32_t rows,
                              EI_T *y) {
  const int32_t n = p->n_classes, decisions = ei_svm_decisions(p);
  const int32_t sums_row = n * p->n_columns;
  EI_T *sums = values + EI_TILE_ROWS * padded;
  const EI_T *coef = (const EI_T *)p->coef;
  EI_F(ei_svm_finish)(p, values, rows * padded);
  for (int32_t c = 0, first = 0; c < n; first += p->counts[c++])
    for (int32_t m = 0; m < p->n_columns; m += EI_WIDTH, coef += p->counts[c] * EI_WIDTH)
      EI_F(ei_svm_panel)(0, values + first, rows, padded, p->counts[c], coef,
                         sums + c * p->n_columns + m, sums_row);
  for (int32_t r = 0; r < rows; r++) EI_F(ei_svm_decide)(p, sums + r * sums_row, y + r * decisions);
}

EI_API ei_status EI_F(ei_kernel_machine)(const void *params, const ei_io *io) {
  const ei_svm_params *p = (const ei_svm_params *)params;
  const int32_t decisions = ei_svm_decisions(p);
  const int32_t padded = (p->n_vectors + EI_WIDTH - 1) / EI_WIDTH * EI_WIDTH;
  EI_T *values = (EI_T *)io->scratch;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  for (int32_t left = io->rows; left > 0; left -= EI_TILE_ROWS) {
    const int32_t rows = left < EI_TILE_ROWS ? left : EI_TILE_ROWS;
    const EI_T *panel = (const EI_T *)p->vectors;
    for (int32_t v = 0; v < padded; v += EI_WIDTH, panel += p->n_in * EI_WIDTH)
      EI_F(ei_svm_panel)(p->kernel == EI_SVM_RBF, x, rows, p->n_in, p->n_in, panel, values + v,
                         padded);
    EI_F(ei_svm_tile)(p, values, padded, rows, y);
    x += EI_TILE_ROWS * p->n_in;
    y += EI_TILE_ROWS * decisions;
  }
  return EI_OK;
}

/* Pairwise decisions -> the class with most votes. */
EI_API ei_status EI_F(ei_vote)(const void *params, const ei_io *io) {
  const int32_t n = ((const ei_reduce_params *)params)->n;
  const EI_T *x = (const EI_T *)io->in[0];
  int64_t *y = (int64_t *)io->out[0];
  int32_t *votes = (int32_t *)io->scratch;
  for (int32_t row = 0; row < io->rows; row++) {
    int32_t best = 0;
    for (int32_t i = 0; i < n; i++) votes[i] = 0;
    for (int32_t i = 0; i < n; i++)
      for (int32_t j = i + 1; j < n; j++) votes[*x++ > 0 ? i : j]++;
    for (int32_t i = 1; i < n; i++)
      if (votes[i] > votes[best]) best = i;
    y[row] = best;
  }
  return EI_OK;
}

/* Pairwise decisions -> one score per class. */
EI_API ei_status EI_F(ei_one_vs_rest)(const void *params, const ei_io *io) {
  const int32_t n = ((const ei_reduce_params *)params)->n;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_T *y = (EI_T *)io->out[0];
  EI_T *sums = (EI_T *)io->scratch;
  for (int32_t row = 0; row < io->rows; row++, y += n) {
    for (int32_t i = 0; i < n; i++) y[i] = sums[i] = 0;
    for (int32_t i = 0; i < n; i++) {
      for (int32_t j = i + 1; j < n; j++, x++) {
        sums[i] += *x;
        sums[j] -= *x;
        y[*x < 0 ? j : i] += 1;
      }
    }
    for (int32_t i = 0; i < n; i++) y[i] += sums[i] / (3 * (EI_M(fabs)(sums[i]) + 1));
  }
  return EI_OK;
}

#undef EI_WIDTH
#include "ei_float_end.h"
