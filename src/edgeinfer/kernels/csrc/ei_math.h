/* Small mathematics shared by the kernels. */
#ifndef EI_MATH_H
#define EI_MATH_H

#include <math.h>

#include "ei_types.h"

/* As scipy.special.expit has it: exactly 0 where exp(-x) is infinite. */
EI_API double ei_sigmoid_f64(double x) { return 1.0 / (1.0 + exp(-x)); }
EI_API float ei_sigmoid_f32(float x) { return 1.0f / (1.0f + expf(-x)); }

/* numpy.maximum / minimum: a NaN on either side is the answer. */
EI_API double ei_larger_f64(double a, double b) { return (a > b || isnan(a)) ? a : b; }
EI_API double ei_smaller_f64(double a, double b) { return (a < b || isnan(a)) ? a : b; }
EI_API float ei_larger_f32(float a, float b) { return (a > b || isnan(a)) ? a : b; }
EI_API float ei_smaller_f32(float a, float b) { return (a < b || isnan(a)) ? a : b; }

#endif
