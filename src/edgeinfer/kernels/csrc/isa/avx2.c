#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,bmi,bmi2")
#endif

#include <immintrin.h>

#include "../ei_types.h"
#define EI_HAVE_FMA     1
#define EI_VECTOR_BYTES 32
#include "tiles.h"

#include "avx2_conv.h"
#include "avx2_depthwise.h"
#include "conv_float.h"
#include "avx2_int16.h"
#include "conv_int16.h"
#include "dense_int16.h"
#include "qadd_int16.h"
#include "avx2_trees.h"
#include "avx2_dense_int.h"

#include "avx2_neighbors.h"

#include "../ei_all.h"

#define EI_TABLE ei_table_avx2
#include "../ei_table.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
