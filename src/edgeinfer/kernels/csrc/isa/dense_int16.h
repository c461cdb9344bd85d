/* ei_dense_int.h's rescaling of 64-bit sums, from what a set calls ei_words. */
#ifndef EI_ISA_DENSE_INT16_H
#define EI_ISA_DENSE_INT16_H

#include "../ei_dense_int_params.h"

#define EI_HAVE_RESCALE_SUMS_I64 1

/* ei_rescale_i64 of the sums of whole panels. */
static inline void ei_rescale_sums_i64(const int64_t *sums, const int32_t *multiplier,
                                       const int32_t *shift, int32_t width, int32_t *scaled) {
  enum { LANES = EI_VECTOR_BYTES / 4 };
  for (int32_t j = 0; j < width; j += EI_LANES) {
    ei_words y[EI_LANES / LANES];
    ei_words_rescale_i64(sums + j, multiplier + j, shift + j, y);
#pragma GCC unroll 4
    for (int i = 0; i < EI_LANES / LANES; i++) ei_words_save(scaled + j + i * LANES, y[i]);
  }
}

#endif
