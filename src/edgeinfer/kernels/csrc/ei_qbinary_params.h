/* Parameters of ei_qbinary.h, which instruction sets need before it. */
#ifndef EI_QBINARY_PARAMS_H
#define EI_QBINARY_PARAMS_H

#include "ei_types.h"

typedef struct {
  int32_t a_zero;
  int32_t b_zero;
  int32_t y_zero;
  int32_t a_multiplier;
  int32_t b_multiplier;
  int32_t y_multiplier;
  int32_t a_shift; /* of sums: not above 0 */
  int32_t b_shift;
  int32_t y_shift;
  int32_t left_shift; /* before the operands of a sum are rescaled */
  int32_t sign;       /* of b: -1 subtracts */
  int32_t low;
  int32_t high;
  int32_t a_factor; /* sums of int8, where both factors and the offset were found
                       (ops/arithmetic.py): */
  int32_t
      b_factor; /* (a * a_factor + b * b_factor + offset) >> right is the same for all a and b */
  int32_t offset;
  int32_t right; /* -1: not found */
  int32_t n;
} ei_qbinary_params;

#endif
