/* The guard of float32 features, for small targets. */
#ifndef EI_CHECK_SMALL_H
#define EI_CHECK_SMALL_H

#include <string.h>

#include "ei_types.h"

typedef struct {
  int32_t n;
  int32_t allow_nan;
} ei_check_small_params;

/* A float's bits. Loaded as a float: of that the compiler knows that it is aligned, and cores that
 * cannot load words from anywhere would otherwise do it byte by byte. */
EI_API uint32_t ei_bits(const float *x) {
  const float value = *x;
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* Whether an infinity or a NaN may be among n values; never no when there is one. With a
 * floating-point unit the sum tells (it may overflow without); not where the compiler may assume
 * that there are neither. */
#if (defined(__ARM_FP) || defined(__riscv_flen) || defined(__SSE__)) && \
    !defined(EI_NO_FLOAT_UNIT) && !(defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#define EI_HAVE_FLOAT_UNIT 1
#endif

#ifdef EI_HAVE_FLOAT_UNIT
#if defined(__GNUC__) && defined(__arm__) && !defined(__SOFTFP__) && defined(__ARM_FP)
/* Eight at once, which compilers load one by one. */
EI_API int ei_any_beyond_f32(const float *x, ptrdiff_t n) {
  const float *const whole = x + (n - n % 8), *const end = x + n;
  float a = 0.0f;
  while (x < whole)
    __asm__(
        "vldmia %0!, {s0-s7}\n\t"
        "vadd.f32 %1, %1, s0\n\tvadd.f32 s1, s1, s2\n\tvadd.f32 %1, %1, s1\n\t"
        "vadd.f32 s3, s3, s4\n\tvadd.f32 %1, %1, s3\n\tvadd.f32 s5, s5, s6\n\t"
        "vadd.f32 %1, %1, s7\n\tvadd.f32 %1, %1, s5"
        : "+r"(x), "+t"(a)
        : "m"(*(const float (*)[8])x)
        : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7");
  for (; x < end; x++) a += x[0];
  return !(a - a == 0.0f);
}
#else
EI_API int ei_any_beyond_f32(const float *x, ptrdiff_t n) {
  const float *const whole = x + (n - n % 8), *const end = x + n;
  float a = 0.0f, b = 0.0f;
  for (; x < whole; x += 8) {
    a += x[0];
    b += x[1];
    a += x[2];
    b += x[3];
    a += x[4];
    b += x[5];
    a += x[6];
    b += x[7];
  }
  for (; x < end; x++) a += x[0];
  a += b;
  return !(a - a == 0.0f);
}
#endif
#else
/* Without one: the highest bit becomes set where the exponent is all ones. */
EI_API uint32_t ei_beyond_bit(const float *x) {
  const uint32_t bits = ei_bits(x);
  return (bits & 0x7F800000u) + 0x00800000u;
}

EI_API int ei_any_beyond_f32(const float *x, ptrdiff_t n) {
  const ptrdiff_t whole = n - n % 4;
  uint32_t beyond = 0;
  for (ptrdiff_t i = 0; i < whole; i += 4, x += 4)
    beyond |= ei_beyond_bit(x) | ei_beyond_bit(x + 1) | ei_beyond_bit(x + 2) | ei_beyond_bit(x + 3);
  for (ptrdiff_t i = whole; i < n; i++, x++) beyond |= ei_beyond_bit(x);
  return (int)(beyond >> 31);
}
#endif

/* Which it is, where the above is not no. An infinity counts before a NaN, wherever they are. */
EI_API ei_status ei_which_beyond_f32(const float *x, ptrdiff_t n, int32_t allow_nan) {
  int has_nan = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    const uint32_t bits = ei_bits(x + i) << 1;
    if (bits == 0xFF000000u) return EI_INF;
    has_nan |= bits > 0xFF000000u;
  }
  return has_nan && !allow_nan ? EI_NAN : EI_OK;
}

EI_API ei_status ei_check_small_f32(const void *params, const ei_io *io) {
  const ei_check_small_params *p = (const ei_check_small_params *)params;
  const float *x = (const float *)io->in[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  if (!ei_any_beyond_f32(x, total)) return EI_OK;
  return ei_which_beyond_f32(x, total, p->allow_nan);
}

#endif
