/* ei_tile.h's tiles for every set with vectors; the set says how wide its are (EI_VECTOR_BYTES).
 * GNU C vectors, hence only here: the arithmetic is spelled once for all sets. */
#include "../ei_panels.h"

#define EI_HAVE_TILES 1

#define EI_FLOAT_BITS 64
#include "tiles_body.h"
#define EI_FLOAT_BITS 32
#include "tiles_body.h"

#include "dense_panels.h"
