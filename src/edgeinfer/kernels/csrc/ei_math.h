/* Small mathematics shared by the kernels. */
#ifndef EI_MATH_H
#define EI_MATH_H

#include <math.h>
#include <string.h>

#include "ei_types.h"

/* exp, in arithmetic that every instruction set rounds alike and compilers turn into vectors;
 * within 2 units in the last place. x = k ln 2 + r, |r| < 0.35: a Taylor series of r, times 2^k in
 * two steps so that results below the normal numbers come out right. */
EI_API float ei_exponential_f32(float x) {
  const float big = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer, in its low bits */
  const float inside = x < -104.0f ? -104.0f : (x > 89.0f ? 89.0f : x);
  const float shifted = inside * 1.44269504f + big;
  const float k = shifted - big;
  const float r = (inside - k * 0.693359375f) + k * 2.12194440e-4f;
  float series = 1.0f / 5040.0f;
  series = series * r + 1.0f / 720.0f;
  series = series * r + 1.0f / 120.0f;
  series = series * r + 1.0f / 24.0f;
  series = series * r + 1.0f / 6.0f;
  series = series * r + 0.5f;
  series = (series * (r * r) + r) + 1.0f;
  int32_t bits, half;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (int32_t)((uint32_t)bits - 0x4B400000u);
  half = bits >> 1;
  const uint32_t first = ((uint32_t)half + 127u) << 23;
  const uint32_t second = ((uint32_t)bits - (uint32_t)half + 127u) << 23;
  float scale1, scale2;
  memcpy(&scale1, &first, sizeof scale1);
  memcpy(&scale2, &second, sizeof scale2);
  return series * scale1 * scale2;
}

/* The same of float64, within 2 units: a longer series, and 2^k split by adding and subtracting,
 * because vectors of 64-bit integers often cannot shift their sign. */
EI_API double ei_exponential_f64(double x) {
  const double big = 6755399441055744.0; /* 1.5 * 2^52 */
  const double inside = x < -746.0 ? -746.0 : (x > 710.0 ? 710.0 : x);
  const double k = (inside * 1.4426950408889634 + big) - big;
  const double r = (inside - k * 0.6931471803691238) - k * 1.9082149292705877e-10;
  double series = 1.0 / 6227020800.0;
  series = series * r + 1.0 / 479001600.0;
  series = series * r + 1.0 / 39916800.0;
  series = series * r + 1.0 / 3628800.0;
  series = series * r + 1.0 / 362880.0;
  series = series * r + 1.0 / 40320.0;
  series = series * r + 1.0 / 5040.0;
  series = series * r + 1.0 / 720.0;
  series = series * r + 1.0 / 120.0;
  series = series * r + 1.0 / 24.0;
  series = series * r + 1.0 / 6.0;
  series = series * r + 0.5;
  series = (series * (r * r) + r) + 1.0;
  const double half = k * 0.5 + big, rest = (k - (half - big)) + big;
  uint64_t first, second;
  memcpy(&first, &half, sizeof first);
  memcpy(&second, &rest, sizeof second);
  first = (first + 1023u) << 52;
  second = (second + 1023u) << 52;
  double scale1, scale2;
  memcpy(&scale1, &first, sizeof scale1);
  memcpy(&scale2, &second, sizeof scale2);
  return series * scale1 * scale2;
}

/* tanh, likewise; within 5 units in the last place. A series where 1 - 2 / (exp(2x) + 1) would lose
 * digits. */
EI_API float ei_tangent_f32(float x) {
  const float size = x < 0.0f ? -x : x, square = x * x;
  float series = 62.0f / 2835.0f;
  series = series * square - 17.0f / 315.0f;
  series = series * square + 2.0f / 15.0f;
  series = series * square - 1.0f / 3.0f;
  const float near_zero = x * (series * square + 1.0f);
  const float large = 1.0f - 2.0f / (ei_exponential_f32(2.0f * size) + 1.0f);
  return size < 0.25f ? near_zero : (x < 0.0f ? -large : large);
}

/* As scipy.special.expit has it: exactly 0 where exp(-x) is infinite. */
EI_API double ei_sigmoid_f64(double x) { return 1.0 / (1.0 + exp(-x)); }
EI_API float ei_sigmoid_f32(float x) { return 1.0f / (1.0f + ei_exponential_f32(-x)); }

EI_API double ei_tangent_f64(double x) { return tanh(x); }

/* numpy.maximum / minimum: a NaN on either side is the answer. */
EI_API double ei_larger_f64(double a, double b) { return (a > b || isnan(a)) ? a : b; }
EI_API double ei_smaller_f64(double a, double b) { return (a < b || isnan(a)) ? a : b; }
EI_API float ei_larger_f32(float a, float b) { return (a > b || isnan(a)) ? a : b; }
EI_API float ei_smaller_f32(float a, float b) { return (a < b || isnan(a)) ? a : b; }

#endif
