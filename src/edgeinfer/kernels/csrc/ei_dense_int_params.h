/* What the integer dense kernels are given, and the sizes of their layout. */
#ifndef EI_DENSE_INT_PARAMS_H
#define EI_DENSE_INT_PARAMS_H

#include "ei_types.h"

#define EI_LANES      16
#define EI_INT_ROWS   8
#define EI_WIDE_CHUNK 128 /* groups of two products of int16 and int8 that an int32 holds */

typedef struct {
  const void *weights;
  const void *bias;          /* (panels, EI_LANES) sums to start from, int32 or int64 */
  const int32_t *multiplier; /* (panels, EI_LANES); these four for integer outputs */
  const int32_t *shift;
  const int32_t *zero;
  const float *scale; /* these two for float outputs: sum * scale + offset */
  const float *offset;
  int32_t n_in;
  int32_t n_out;
  int32_t repeat; /* a row is `repeat` runs of n_in values */
  int32_t low;    /* clamp of integer outputs */
  int32_t high;
  int32_t sum32; /* rescale 64-bit sums as the 32-bit numbers they are */
  int32_t small; /* int8: sums shifted left stay below 2^30, shifts right below 23, |zero| <= 128 */
} ei_dense_int_params;

#endif
