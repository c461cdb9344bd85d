/* Compact trees of one type of input, EI_INPUT; included once per type. */
#define EI_VALUE_T uint16_t
#define EI_SUM_T   int32_t
#define EI_OUT_T   float
#define EI_VALUE   u16
#include "ei_trees_small_body.h"
#define EI_VALUE_T int32_t
#define EI_SUM_T   int32_t
#define EI_OUT_T   float
#define EI_VALUE   i32
#include "ei_trees_small_body.h"
#define EI_VALUE_T double
#define EI_SUM_T   double
#define EI_OUT_T   double
#define EI_VALUE   f64
#include "ei_trees_small_body.h"
#undef EI_X_T
#undef EI_INPUT
