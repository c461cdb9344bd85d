/* Functions of fixed-point numbers by Newton's method, as TensorFlow Lite Micro's reference kernels
 * have them. */
#ifndef EI_NEWTON_H
#define EI_NEWTON_H

#include "ei_fixed.h"

EI_API int32_t ei_leading_zeros(uint32_t x) {
  int32_t zeros = 0;
  for (uint32_t bit = (uint32_t)1 << 31; bit != 0 && !(x & bit); bit >>= 1) zeros++;
  return zeros;
}

/* x * 2^exponent, saturating; 0 <= exponent <= 31. */
EI_API int32_t ei_shift_left(int32_t x, int32_t exponent) {
  const int64_t wide = (int64_t)x * ((int64_t)1 << exponent);
  return (int32_t)(wide > INT32_MAX ? INT32_MAX : (wide < INT32_MIN ? INT32_MIN : wide));
}

EI_API int32_t ei_wrap_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }

EI_API int32_t ei_wrap_sub(int32_t a, int32_t b) { return (int32_t)((uint32_t)a - (uint32_t)b); }

/* 1 / (1 + x) for 0 <= x < 1, both with 31 bits after the point: three steps of Newton's division,
 * in 29 bits after the point. */
EI_API int32_t ei_newton_reciprocal(int32_t x) {
  const int32_t half = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
  int32_t y = 1515870810 + ei_high_mul(half, -1010580540);
  for (int i = 0; i < 3; i++) {
    const int32_t error = ((int32_t)1 << 29) - ei_high_mul(half, y);
    const int64_t step = (int64_t)ei_high_mul(y, error) * 4;
    y += (int32_t)(step > INT32_MAX ? INT32_MAX : (step < INT32_MIN ? INT32_MIN : step));
  }
  const int64_t twice = (int64_t)y * 2;
  return (int32_t)(twice > INT32_MAX ? INT32_MAX : twice);
}

/* 1 / sqrt(x) of an integer x >= 0 as a multiplier, for `ei_rescale_i32`; 0 counts as 1. */
EI_API int32_t ei_inverse_sqrt(int32_t x, int32_t *shift) {
  if (x <= 1) {
    *shift = 0;
    return INT32_MAX;
  }
  int32_t right = 11;
  while (x >= ((int32_t)1 << 29)) {
    x /= 4;
    right++;
  }
  const int32_t pairs = (ei_leading_zeros((uint32_t)x) - 1) / 2 - 1;
  right -= pairs;
  x = (int32_t)((uint32_t)x << (2 * pairs));
  /* Three bits before the point; 1 is 2^28. */
  const int32_t half = ei_divide_by_pot(x >> 1, 1);
  int32_t y = (int32_t)1 << 28;
  for (int i = 0; i < 5; i++) {
    const int32_t cube = ei_shift_left(ei_high_mul(ei_high_mul(y, y), y), 6);
    const int32_t left = ei_high_mul(((int32_t)1 << 28) + ((int32_t)1 << 27), y);
    y = ei_shift_left(ei_wrap_sub(left, ei_high_mul(half, cube)), 3);
  }
  y = ei_high_mul(y, 1518500250); /* sqrt(1/2) */
  if (right < 0) {
    y = (int32_t)((uint32_t)y << -right);
    right = 0;
  }
  *shift = -right;
  return y;
}

/* log(x) for x >= 1 with 12 bits before the point; the result has 5. */
EI_API int32_t ei_fixed_log(int32_t x) {
  const int32_t sqrt_half = 1518500250, fourth_root_half = 1805811301, quarter = (int32_t)1 << 23;
  const int32_t zeros_a = ei_leading_zeros((uint32_t)x);
  const int32_t r_a =
      ei_shift_left(ei_high_mul(ei_shift_left(x, zeros_a > 0 ? zeros_a - 1 : 0), sqrt_half), 1);
  const int32_t power_a = ei_shift_left(12 - zeros_a, 25);
  const int32_t zeros_b = ei_leading_zeros((uint32_t)ei_high_mul(x, sqrt_half)) - 1;
  const int32_t r_b = ei_shift_left(x, zeros_b > 0 ? zeros_b : 0);
  const int32_t power_b = ei_shift_left(12 - zeros_b, 25);
  const int32_t r = r_a < r_b ? r_a : r_b;
  const int32_t up = power_a > INT32_MAX - quarter ? INT32_MAX : power_a + quarter;
  const int32_t down = power_b < INT32_MIN + quarter ? INT32_MIN : power_b - quarter;
  const int32_t power = up > down ? up : down;
  const int64_t sum = (int64_t)r + fourth_root_half;
  const int32_t p = (int32_t)((sum + (sum >= 0 ? 1 : -1)) / 2);
  const int32_t apart = ei_wrap_sub(r, fourth_root_half);
  const int32_t q = ei_wrap_add(apart, apart);
  const int32_t square = ei_high_mul(q, q);
  const int32_t top =
      ei_wrap_add(ei_high_mul(q, r), ei_high_mul(ei_high_mul(q, square), 117049297));
  const int32_t inner = ei_wrap_add(ei_wrap_add(1057819769, q), ei_high_mul(127690142, square));
  const int32_t bottom = ei_wrap_add(ei_high_mul(p, inner), ei_high_mul(638450708, q));
  const int32_t scaled = ei_high_mul(ei_divide_by_pot(top, 6), ei_newton_reciprocal(bottom));
  return ei_shift_left(ei_wrap_add(ei_high_mul(power, 1488522236), scaled), 1);
}

#endif
