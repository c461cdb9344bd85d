/* Pooling. Averages leave padding out and round half away from zero (integers); accumulators of
 * all channels lie in scratch, so that the loops run along the channels. */
#ifndef EI_POOL_H
#define EI_POOL_H

#include <float.h>

#include "ei_fixed.h"
#include "ei_window.h"

/* The part of the kernel that lies inside of the image. */
typedef struct {
  int32_t y0, y1, x0, x1;
} ei_pool_area;

EI_API ei_pool_area ei_pool_inside(const ei_conv_params *p, int32_t oy, int32_t ox) {
  const int32_t y = oy * p->stride_h - p->pad_top, x = ox * p->stride_w - p->pad_left;
  ei_pool_area area;
  area.y0 = y < 0 ? 0 : y;
  area.x0 = x < 0 ? 0 : x;
  area.y1 = y + p->kernel_h < p->in_h ? y + p->kernel_h : p->in_h;
  area.x1 = x + p->kernel_w < p->in_w ? x + p->kernel_w : p->in_w;
  return area;
}

#define EI_CAT2(a, b) a##b
#define EI_CAT(a, b)  EI_CAT2(a, b)

#define EI_P            int8_t
#define EI_P_(n)        EI_CAT(n, _i8)
#define EI_SUM          int32_t
#define EI_LOW          p->low
#define EI_HIGH         p->high
#define EI_START        INT8_MIN
#define EI_MEAN(sum, n) (((sum) + ((sum) > 0 ? (n) / 2 : -((n) / 2))) / (n))
#include "ei_pool_body.h"

#define EI_P            int16_t
#define EI_P_(n)        EI_CAT(n, _i16)
#define EI_SUM          int32_t
#define EI_LOW          p->low
#define EI_HIGH         p->high
#define EI_START        INT16_MIN
#define EI_MEAN(sum, n) (((sum) + ((sum) > 0 ? (n) / 2 : -((n) / 2))) / (n))
#include "ei_pool_body.h"

#define EI_P            float
#define EI_P_(n)        EI_CAT(n, _f32)
#define EI_SUM          float
#define EI_LOW          p->low_f
#define EI_HIGH         p->high_f
#define EI_START        -FLT_MAX
#define EI_MEAN(sum, n) ((sum) / (float)(n))
#include "ei_pool_body.h"

#undef EI_CAT2
#undef EI_CAT

#endif
