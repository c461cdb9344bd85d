/* Tiles of one floating type in vectors; included once per type. */
#include "../ei_float_begin.h"

typedef EI_T EI_F(ei_vector)
    __attribute__((vector_size(EI_VECTOR_BYTES), aligned(sizeof(EI_T)), may_alias));

/* 0 where negative; NaN and -0.0 stay. */
static inline EI_F(ei_vector) EI_F(ei_not_negative)(EI_F(ei_vector) x) {
  typedef __typeof__(x < x) mask;
  return (EI_F(ei_vector))((mask)x & ~(x < (EI_F(ei_vector)){0}));
}

#define EI_NAME     ei_tile_dots
#define EI_OF(x, w) ((x) * (w))
#include "tile_function.h"
#define EI_NAME     ei_tile_distances
#define EI_OF(x, w) (((x) - (w)) * ((x) - (w)))
#include "tile_function.h"

#include "../ei_float_end.h"
