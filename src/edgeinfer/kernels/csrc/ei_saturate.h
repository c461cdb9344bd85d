/* Integers kept within some bits: one instruction where the core has it (Cortex-M3 and up). */
#ifndef EI_SATURATE_H
#define EI_SATURATE_H

#include "ei_types.h"

#if defined(__ARM_FEATURE_SAT) && defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && \
    defined(__GNUC__)
#define EI_SATURATE(bits)                                       \
  EI_API int32_t ei_saturate_##bits(int32_t x) {                \
    int32_t result;                                             \
    __asm__("ssat %0, #" #bits ", %1" : "=r"(result) : "r"(x)); \
    return result;                                              \
  }
#else
#define EI_SATURATE(bits)                                            \
  EI_API int32_t ei_saturate_##bits(int32_t x) {                     \
    const int32_t most = (int32_t)(((uint32_t)1 << (bits - 1)) - 1); \
    return x > most ? most : (x < -most - 1 ? -most - 1 : x);        \
  }
#endif

EI_SATURATE(8)
EI_SATURATE(16)
EI_SATURATE(20)

#endif
