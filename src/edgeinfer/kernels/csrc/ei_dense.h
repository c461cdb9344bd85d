/* Matrix product with bias and activation. Weights lie in panels of EI_PANEL outputs, see
 * pack_panels in ops/dense.py; an output is summed over the inputs in ascending order. */
#ifndef EI_DENSE_H
#define EI_DENSE_H

#include "ei_tile.h"
#include "ei_types.h"

typedef struct {
  const void *weights; /* (panels, n_in, panel width), padded with zeros */
  const void *bias;    /* (panels, panel width) */
  int32_t n_in;
  int32_t n_out;
  int32_t relu;
} ei_dense_params;

/* ei_dense_panels: `width` outputs (at most EI_DENSE_PANELS panels) of `rows` rows (at most
 * EI_DENSE_ROWS), `row` values of x and `y_row` of y apart. */
#ifndef EI_HAVE_DENSE_PANELS
#define EI_DENSE_ROWS   1
#define EI_DENSE_PANELS 1
#endif

#define EI_FLOAT_BITS 64
#include "ei_dense_body.h"
#define EI_FLOAT_BITS 32
#include "ei_dense_body.h"

#endif
