/* ei_dense.h's primitive in vectors, for every set whose width is EI_VECTOR_BYTES. Many rows run as
 * tiles of EI_DENSE_ROWS x EI_DENSE_TILE panels, so that a weight that is in a register serves all
 * of them; a single row runs over as many panels at once as keep the adders busy. Bias and
 * activation are applied while the sums are in registers. */
#define EI_HAVE_DENSE_PANELS 1
#if EI_VECTOR_BYTES >= 64
#define EI_DENSE_ROWS 8
#define EI_DENSE_TILE 2
#else
#define EI_DENSE_ROWS 4
#define EI_DENSE_TILE 1
#endif
#define EI_DENSE_PANELS 4

#define EI_FLOAT_BITS 64
#include "dense_panels_body.h"
#define EI_FLOAT_BITS 32
#include "dense_panels_body.h"
