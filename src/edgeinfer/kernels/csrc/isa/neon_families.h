/* What is written by hand for NEON, with the dot product of bytes (EI_SDOT) or
 * without. */
#define EI_HAVE_FMA     1
#define EI_VECTOR_BYTES 16
#include "tiles.h"

#include "conv_float.h"
#include "neon_conv.h"
#include "neon_depthwise.h"
#include "neon_int16.h"
#include "conv_int16.h"
#include "dense_int16.h"
#include "qadd_int16.h"
#ifdef EI_SDOT
#include "neon_dense_int.h"
#include "neon_neighbors.h"
#endif
