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

/* a.low * b.low + sum; a.high * b.high + sum */
EI_API int32_t ei_product_low(uint32_t a, uint32_t b, int32_t sum) {
  int32_t result;
  __asm__("smlabb %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
  return result;
}

EI_API int32_t ei_product_high(uint32_t a, uint32_t b, int32_t sum) {
  int32_t result;
  __asm__("smlatt %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
  return result;
}

/* Kept to -128 .. 127. */
EI_API int32_t ei_saturate_byte(int32_t x) {
  int32_t result;
  __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(x));
  return result;
}

/* The high half of ab, rounded to nearest, a tie up. */
EI_API int32_t ei_high_half(int32_t a, int32_t b) {
  int32_t result;
  __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
  return result;
}

EI_API uint32_t ei_word(const int8_t *bytes) {
  uint32_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

/* Steps of inner loops. Their instructions are volatile, because GCC would otherwise move loads up
 * until it has no registers left and goes through the stack. */

/* Four inputs that `x` walks over; then, for each output in turn, their products with four weights
 * that `w` walks over. */
#define EI_DSP_FOUR_INPUTS                                                \
  __asm__ volatile("ldr %0, [%1], #4" : "=r"(odd), "+r"(x) : : "memory"); \
  __asm__ volatile("sxtb16 %0, %1" : "=r"(even) : "r"(odd));              \
  __asm__ volatile("sxtb16 %0, %0, ror #8" : "+r"(odd))

#define EI_DSP_OUTPUT(sum)                                                    \
  __asm__ volatile("ldr %0, [%1], #4" : "=r"(other), "+r"(w) : : "memory");   \
  __asm__ volatile("sxtb16 %0, %1" : "=r"(one) : "r"(other));                 \
  __asm__ volatile("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(even), "r"(one)); \
  __asm__ volatile("sxtb16 %0, %1, ror #8" : "=r"(one) : "r"(other));         \
  __asm__ volatile("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(odd), "r"(one))

/* Two of four inputs of two pixels, of eight words of two halves in all that `x` walks over: inputs
 * (0, 2) of the first pixel, of the second, then (1, 3); times the weights of two outputs, in the
 * same order. */
#define EI_DSP_HALF_STEP                                                                  \
  __asm__ volatile("ldrd %0, %1, [%2], #8" : "=&r"(x0), "=&r"(x1), "+r"(x) : : "memory"); \
  __asm__ volatile("ldr %0, [%1], #4" : "=r"(both), "+r"(w) : : "memory");                \
  __asm__ volatile("sxtb16 %0, %1" : "=r"(one) : "r"(both));                              \
  __asm__ volatile("smlad %0, %1, %2, %0" : "+r"(s0) : "r"(x0), "r"(one));                \
  __asm__ volatile("smlad %0, %1, %2, %0" : "+r"(s2) : "r"(x1), "r"(one));                \
  __asm__ volatile("sxtb16 %0, %0, ror #8" : "+r"(both));                                 \
  __asm__ volatile("smlad %0, %1, %2, %0" : "+r"(s1) : "r"(x0), "r"(both));               \
  __asm__ volatile("smlad %0, %1, %2, %0" : "+r"(s3) : "r"(x1), "r"(both))
#endif

#endif
