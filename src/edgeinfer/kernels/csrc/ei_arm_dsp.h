/* Two 16-bit products at once, on cores that have the DSP extension (Cortex-M4, M7, M33, M55): the
 * compiler's own macros say so. Elsewhere this defines nothing. */
#ifndef EI_ARM_DSP_H
#define EI_ARM_DSP_H

#include <string.h>

#include "ei_types.h"

#if defined(__ARM_FEATURE_SIMD32) && defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && \
    defined(__GNUC__)
#define EI_HAVE_ARM_DSP 1

/* Bytes 0 and 2 of a word as two signed halves; bytes 1 and 3. */
EI_API uint32_t ei_even_bytes(uint32_t word) {
  uint32_t halves;
  __asm__("sxtb16 %0, %1" : "=r"(halves) : "r"(word));
  return halves;
}

EI_API uint32_t ei_odd_bytes(uint32_t word) {
  uint32_t halves;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(word));
  return halves;
}

/* sum + a.low * b.low + a.high * b.high */
EI_API int32_t ei_two_products(uint32_t a, uint32_t b, int32_t sum) {
  int32_t result;
  __asm__("smlad %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
  return result;
}

EI_API uint32_t ei_word(const int8_t *bytes) {
  uint32_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}
#endif

#endif
