#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#else
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif

#include <arm_neon.h>

#include "../ei_types.h"
#define EI_HAVE_FMA     1
#define EI_VECTOR_BYTES 16
#include "tiles.h"
#include "conv_float.h"
#include "neon_int16.h"
#include "conv_int16.h"
#include "dense_int16.h"
#include "qadd_int16.h"

/* Older clang has these intrinsics only where the whole file is compiled for them. */
#if !defined(__clang__) || __clang_major__ >= 17 || defined(__ARM_FEATURE_DOTPROD)
#include "neon_dense_int.h"
#include "neon_neighbors.h"
#endif

#include "../ei_all.h"

#define EI_TABLE ei_table_neon
#include "../ei_table.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
