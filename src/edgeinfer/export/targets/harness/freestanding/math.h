/* For toolchains without a C library: what the compiler computes itself. A model that needs more
 * (exp, log, tanh, pow) does not link and needs a toolchain with a C library. */
#ifndef FREESTANDING_MATH_H
#define FREESTANDING_MATH_H

#define NAN             (__builtin_nanf(""))
#define INFINITY        (__builtin_inff())
#define isnan(x)        __builtin_isnan(x)
#define isinf(x)        __builtin_isinf(x)
#define isfinite(x)     __builtin_isfinite(x)
#define fabs(x)         __builtin_fabs(x)
#define fabsf(x)        __builtin_fabsf(x)
#define copysign(x, y)  __builtin_copysign(x, y)
#define copysignf(x, y) __builtin_copysignf(x, y)

double exp(double x);
float expf(float x);
double exp2(double x);
float exp2f(float x);
double log(double x);
float logf(float x);
double log2(double x);
float log2f(float x);
double log1p(double x);
float log1pf(float x);
double expm1(double x);
float expm1f(float x);
double tanh(double x);
float tanhf(float x);
double erf(double x);
float erff(float x);
double sin(double x);
float sinf(float x);
double cos(double x);
float cosf(float x);
double pow(double x, double y);
double atan2(double y, double x);
float powf(float x, float y);
float atan2f(float y, float x);
double fmod(double x, double y);
float fmodf(float x, float y);
double sqrt(double x);
float sqrtf(float x);
double floor(double x);
float floorf(float x);
double ceil(double x);
float ceilf(float x);
double rint(double x);
float rintf(float x);
double round(double x);
float roundf(float x);
double nearbyint(double x);
float nearbyintf(float x);
double ldexp(double x, int e);
float ldexpf(float x, int e);

#endif
