/* Support vector machines. Vectors lie in panels as ei_tile.h has them; EI_TILE_ROWS rows
 * share each panel while it is in registers. */
#ifndef EI_KERNEL_MACHINE_H
#define EI_KERNEL_MACHINE_H

#include "ei_math.h"
#include "ei_reduce.h"
#include "ei_tile.h"
#include "ei_types.h"

enum { EI_SVM_LINEAR = 0, EI_SVM_POLY = 1, EI_SVM_RBF = 2, EI_SVM_SIGMOID = 3 };

typedef struct {
  const void *vectors;   /* (panels, n_in, panel width), padded with zeros */
  const void *coef;      /* per class: panels of (vectors of the class, panel width) */
  const void *intercept; /* one per pair of classes; one for a single class */
  const int32_t *counts; /* vectors per class */
  double gamma;
  double coef0;
  int32_t degree;
  int32_t kernel;
  int32_t n_in;
  int32_t n_vectors;
  int32_t n_classes;
  int32_t n_columns; /* decisions a class takes part in, padded to whole panels */
} ei_svm_params;

typedef struct {
  const double *prob_a; /* per pair of classes */
  const double *prob_b;
  int32_t n_classes;
} ei_coupling_params;

EI_API int32_t ei_svm_decisions(const ei_svm_params *p) {
  return p->n_classes > 1 ? p->n_classes * (p->n_classes - 1) / 2 : 1;
}

#define EI_FLOAT_BITS 64
#include "ei_kernel_machine_body.h"
#define EI_FLOAT_BITS 32
#include "ei_kernel_machine_body.h"

/* On codes: products and distances are exact integers, what follows is float32. int8 sums fit 32
 * bits for up to 32768 features, 255^2 each; int16 sums take 64 bits. */
#define EI_CODE      int8_t
#define EI_SUM       int32_t
#define EI_NAME(key) key##_i8
#include "ei_kernel_machine_codes_body.h"
#define EI_CODE      int16_t
#define EI_SUM       int64_t
#define EI_NAME(key) key##_i16
#include "ei_kernel_machine_codes_body.h"

/* The probabilities p that fit r[i][j] ~ p[i] / (p[i] + p[j]), see PairCoupling in
 * ops/kernel_machine.py. r: n x n, q: n x n and qp: n of scratch. */
EI_API void ei_couple(const double *r, double *q, double *qp, double *p, int32_t n) {
  const double stop = 0.005 / n;
  const int32_t rounds = n > 100 ? n : 100;
  for (int32_t t = 0; t < n; t++) {
    p[t] = 1.0 / n;
    q[t * n + t] = 0.0;
    for (int32_t j = 0; j < n; j++) {
      if (j == t) continue;
      q[t * n + t] += r[j * n + t] * r[j * n + t];
      q[t * n + j] = -r[j * n + t] * r[t * n + j];
    }
  }
  for (int32_t round = 0; round < rounds; round++) {
    double pqp = 0.0, worst = 0.0;
    for (int32_t t = 0; t < n; t++) {
      qp[t] = 0.0;
      for (int32_t j = 0; j < n; j++) qp[t] += q[t * n + j] * p[j];
      pqp += p[t] * qp[t];
    }
    for (int32_t t = 0; t < n; t++) {
      const double error = fabs(qp[t] - pqp);
      if (error > worst) worst = error;
    }
    if (worst < stop) return;
    for (int32_t t = 0; t < n; t++) {
      const double diff = (pqp - qp[t]) / q[t * n + t];
      p[t] += diff;
      pqp = (pqp + diff * (diff * q[t * n + t] + 2.0 * qp[t])) / (1.0 + diff) / (1.0 + diff);
      for (int32_t j = 0; j < n; j++) {
        qp[j] = (qp[j] + diff * q[t * n + j]) / (1.0 + diff);
        p[j] /= 1.0 + diff;
      }
    }
  }
}

EI_API ei_status ei_pair_coupling_f64(const void *params, const ei_io *io) {
  const ei_coupling_params *p = (const ei_coupling_params *)params;
  const double *x = (const double *)io->in[0];
  double *y = (double *)io->out[0];
  const int32_t n = p->n_classes;
  double *r = (double *)io->scratch, *q = r + n * n, *qp = q + n * n;
  for (int32_t row = 0; row < io->rows; row++, x += n * (n - 1) / 2, y += n) {
    int32_t k = 0;
    for (int32_t i = 0; i < n; i++) {
      for (int32_t j = i + 1; j < n; j++, k++) {
        const double value = x[k] * p->prob_a[k] + p->prob_b[k];
        double first = value >= 0.0 ? exp(-value) / (1.0 + exp(-value)) : 1.0 / (1.0 + exp(value));
        if (first < 1e-7) first = 1e-7;
        if (first > 1.0 - 1e-7) first = 1.0 - 1e-7;
        r[i * n + j] = first;
        r[j * n + i] = 1.0 - first;
      }
    }
    ei_couple(r, q, qp, y, n);
  }
  return EI_OK;
}

#endif
