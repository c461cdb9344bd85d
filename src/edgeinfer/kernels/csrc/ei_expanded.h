/* Squared distances as scikit-learn's brute force has them: |x|^2 - 2 x.y + |y|^2, with the
 * rounding of the matrix product that BLAS makes of x.y.
 *
 * There each product is a chain of fused multiplications and additions over the features, in order.
 * The square of a row is a dot product of BLAS, whose order depends on the processor that the
 * neighbours were fitted on; those of the points are data. */
#ifndef EI_EXPANDED_H
#define EI_EXPANDED_H

#include <math.h>

#include "ei_types.h"

/* Where fma is an instruction, it is the fastest way to a distance at all; elsewhere it is called
 * for the few points that may be neighbours. */
#ifndef EI_HAVE_FMA
#define EI_HAVE_FMA 0
#endif

enum {
  EI_ORDER_AVX2 = 1,
  EI_ORDER_AVX512 = 2,
};

EI_API double ei_square_of(const double *x, int32_t n, int32_t order) {
  double e[16] = {0}, total = 0.0;
  int32_t i = 0;
  if (order == EI_ORDER_AVX512) {
    double wide[32] = {0};
    for (; n - i >= 32; i += 32)
      for (int32_t j = 0; j < 32; j++) wide[j] = fma(x[i + j], x[i + j], wide[j]);
    for (int32_t j = 0; j < 16; j++) e[j] = wide[j + j / 4 * 4] + wide[j + j / 4 * 4 + 4];
  }
  for (; n - i >= 16; i += 16)
    for (int32_t j = 0; j < 16; j++) e[j] = fma(x[i + j], x[i + j], e[j]);
  if (order == EI_ORDER_AVX512) {
    for (int32_t j = 0; j < 4; j++) e[j] = ((e[j] + e[j + 4]) + e[j + 8]) + e[j + 12];
    total = (e[0] + e[2]) + (e[1] + e[3]);
    for (; i < n; i++) total = fma(x[i], x[i], total);
  } else {
    for (int32_t j = 0; j < 2; j++)
      e[j] = ((e[j] + e[j + 2]) + (e[j + 4] + e[j + 6])) +
             ((e[j + 8] + e[j + 10]) + (e[j + 12] + e[j + 14]));
    total = e[0] + e[1];
    for (; i < n; i++) total += x[i] * x[i];
  }
  return total;
}

/* |x - y|^2 of the squares of x and y and their product. NaN stays NaN. */
EI_API double ei_expanded(double x_square, double dot, double y_square) {
  const double value = (x_square - 2.0 * dot) + y_square;
  return value < 0.0 ? 0.0 : value;
}

/* By how much an expanded square can differ from the true one, or from a direct sum. */
EI_API double ei_expanded_error(double x_square, double largest, int32_t n) {
  return (8.0 * n + 32.0) * 1.2e-16 * (x_square + largest) + 1e-300 * n;
}

#endif
