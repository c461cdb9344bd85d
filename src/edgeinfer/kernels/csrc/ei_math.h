/* Small mathematics shared by the kernels. */
#ifndef EI_MATH_H
#define EI_MATH_H

#include <math.h>

#include "ei_types.h"

/* 1 / (1 + exp(-x)) in the form that cannot overflow. */
EI_API double ei_sigmoid_f64(double x) {
  const double e = exp(-fabs(x));
  return x >= 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}

EI_API float ei_sigmoid_f32(float x) {
  const float e = expf(-fabsf(x));
  return x >= 0.0f ? 1.0f / (1.0f + e) : e / (1.0f + e);
}

/* numpy.maximum / minimum: a NaN on either side is the answer. */
EI_API double ei_larger_f64(double a, double b) { return (a > b || isnan(a)) ? a : b; }
EI_API double ei_smaller_f64(double a, double b) { return (a < b || isnan(a)) ? a : b; }
EI_API float ei_larger_f32(float a, float b) { return (a > b || isnan(a)) ? a : b; }
EI_API float ei_smaller_f32(float a, float b) { return (a < b || isnan(a)) ? a : b; }

#endif
