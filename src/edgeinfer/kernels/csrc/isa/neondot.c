#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#else
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif

#include <arm_neon.h>

#include "../ei_types.h"
/* Older clang has these intrinsics only where the whole file is compiled for them. */
#if !defined(__clang__) || __clang_major__ >= 17 || defined(__ARM_FEATURE_DOTPROD)
#define EI_SDOT 1
#endif
#include "neon_families.h"

#include "../ei_all.h"

#define EI_TABLE ei_table_neondot
#include "../ei_table.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
