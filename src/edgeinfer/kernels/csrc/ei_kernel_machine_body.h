/* Support vector machines of one floating type; included once per type. */
#include "ei_float_begin.h"
#define EI_WIDTH EI_F(EI_PANEL)

/* x . v of `EI_SVM_ROWS` rows with one panel of vectors, features in ascending order. */
#ifndef EI_HAVE_SVM_PANELS
EI_API void EI_F(ei_svm_dots)(const EI_T *x, int32_t n_in, const EI_T *panel,
                              EI_T sums[EI_SVM_ROWS][EI_F(EI_PANEL)]) {
  for (int32_t i = 0; i < n_in; i++, panel += EI_WIDTH)
    for (int32_t r = 0; r < EI_SVM_ROWS; r++)
      for (int32_t j = 0; j < EI_WIDTH; j++) sums[r][j] += x[r * n_in + i] * panel[j];
}

/* |x - v|^2, the same way. */
EI_API void EI_F(ei_svm_distances)(const EI_T *x, int32_t n_in, const EI_T *panel,
                                   EI_T sums[EI_SVM_ROWS][EI_F(EI_PANEL)]) {
  for (int32_t i = 0; i < n_in; i++, panel += EI_WIDTH)
    for (int32_t r = 0; r < EI_SVM_ROWS; r++)
      for (int32_t j = 0; j < EI_WIDTH; j++) {
        const EI_T d = x[r * n_in + i] - panel[j];
        sums[r][j] += d * d;
      }
}
#endif

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
      for (int32_t i = 0; i < count; i++) values[i] = EI_M(exp)(-gamma * values[i]);
      break;
    case EI_SVM_POLY:
      for (int32_t i = 0; i < count; i++)
        values[i] = EI_F(ei_integer_power)(gamma * values[i] + coef0, p->degree);
      break;
    case EI_SVM_SIGMOID:
      for (int32_t i = 0; i < count; i++) values[i] = EI_M(tanh)(gamma * values[i] + coef0);
      break;
    default:
      break;
  }
}

/* Kernel values -> decisions. `sums`: (n_classes, columns), what the vectors of each class add to
 * each of its decisions. */
EI_API void EI_F(ei_svm_decide)(const ei_svm_params *p, const EI_T *values, EI_T *sums, EI_T *y) {
  const EI_T *coef = (const EI_T *)p->coef;
  const EI_T *intercept = (const EI_T *)p->intercept;
  const int32_t n = p->n_classes, columns = n > 1 ? n - 1 : 1;
  for (int32_t c = 0; c < n; c++) {
    EI_T *own = sums + c * columns;
    for (int32_t m = 0; m < columns; m++) own[m] = 0;
    for (int32_t s = 0; s < p->counts[c]; s++, coef += columns, values++)
      for (int32_t m = 0; m < columns; m++) own[m] += coef[m] * *values;
  }
  if (n == 1) {
    y[0] = sums[0] + intercept[0];
    return;
  }
  for (int32_t i = 0, k = 0; i < n; i++)
    for (int32_t j = i + 1; j < n; j++, k++)
      y[k] = sums[i * columns + j - 1] + sums[j * columns + i] + intercept[k];
}

EI_API ei_status EI_F(ei_kernel_machine)(const void *params, const ei_io *io) {
  const ei_svm_params *p = (const ei_svm_params *)params;
  const int32_t n = p->n_classes, decisions = n > 1 ? n * (n - 1) / 2 : 1;
  const int32_t padded = (p->n_vectors + EI_WIDTH - 1) / EI_WIDTH * EI_WIDTH;
  EI_T *values = (EI_T *)io->scratch;
  EI_T *sums = values + EI_SVM_ROWS * padded;
  EI_T *y = (EI_T *)io->out[0];
  for (int32_t row = 0; row < io->rows; row += EI_SVM_ROWS) {
    const EI_T *x = (const EI_T *)io->in[0] + (size_t)row * (size_t)p->n_in;
    const int32_t left = io->rows - row;
    const int32_t rows = left < EI_SVM_ROWS ? left : EI_SVM_ROWS;
    const EI_T *panel = (const EI_T *)p->vectors;
    for (int32_t v = 0; v < padded; v += EI_WIDTH, panel += p->n_in * EI_WIDTH) {
      /* Fewer rows than a tile go one by one: the last of them would be read beyond the input. */
      if (rows == EI_SVM_ROWS) {
        EI_T tile[EI_SVM_ROWS][EI_WIDTH] = {{0}};
        if (p->kernel == EI_SVM_RBF)
          EI_F(ei_svm_distances)(x, p->n_in, panel, tile);
        else
          EI_F(ei_svm_dots)(x, p->n_in, panel, tile);
        for (int32_t r = 0; r < EI_SVM_ROWS; r++)
          for (int32_t j = 0; j < EI_WIDTH; j++) values[r * padded + v + j] = tile[r][j];
        continue;
      }
      for (int32_t r = 0; r < rows; r++) {
        EI_T sum[EI_WIDTH] = {0};
        const EI_T *w = panel;
        for (int32_t i = 0; i < p->n_in; i++, w += EI_WIDTH) {
          const EI_T xi = x[r * p->n_in + i];
          if (p->kernel == EI_SVM_RBF) {
            for (int32_t j = 0; j < EI_WIDTH; j++) sum[j] += (xi - w[j]) * (xi - w[j]);
          } else {
            for (int32_t j = 0; j < EI_WIDTH; j++) sum[j] += xi * w[j];
          }
        }
        for (int32_t j = 0; j < EI_WIDTH; j++) values[r * padded + v + j] = sum[j];
      }
    }
    EI_F(ei_svm_finish)(p, values, rows * padded);
    for (int32_t r = 0; r < rows; r++, y += decisions)
      EI_F(ei_svm_decide)(p, values + r * padded, sums, y);
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
