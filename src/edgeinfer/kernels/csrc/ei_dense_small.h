/* Matrix product for small targets: nothing padded, four outputs at a time in registers. The sums
 * run as in ei_dense.h, over the inputs in ascending order, then the bias: the same numbers. */
#ifndef EI_DENSE_SMALL_H
#define EI_DENSE_SMALL_H

#include "ei_types.h"

typedef struct {
  const void *weights; /* panels of four outputs, (n_in, 4) each; then one row per output left */
  const void *bias;    /* n_out values */
  int32_t n_in;
  int32_t n_out;
  int32_t relu;
} ei_dense_small_params;

#define EI_FLOAT_BITS 64
#include "ei_dense_small_body.h"
#define EI_FLOAT_BITS 32
#include "ei_dense_small_body.h"

#endif
