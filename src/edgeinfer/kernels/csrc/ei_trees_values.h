/* Tree kernels on values of one type, EI_VALUE, and codes of EI_CODE; included per pair. */
#include "ei_trees_sum_body.h"

#define EI_X   f64
#define EI_CUT f64
#include "ei_trees_kernel_body.h"
#define EI_X   f64
#define EI_CUT f32
#include "ei_trees_kernel_body.h"
#define EI_X   f32
#define EI_CUT f32
#include "ei_trees_kernel_body.h"

#undef EI_VALUE
