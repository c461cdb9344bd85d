#if defined(__clang__)
#pragma clang attribute push(                                                                   \
    __attribute__((                                                                             \
        target("avx2,fma,bmi,bmi2,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi"))), \
    apply_to = function)
#else
#pragma GCC target("avx2,fma,bmi,bmi2,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi")
#endif

#include <immintrin.h>

#include "../ei_types.h"
#define EI_HAVE_FMA     1
#define EI_VECTOR_BYTES 64
#include "tiles.h"

#include "avx512vnni_families.h"
#include "avx512vbmi_trees.h"

#include "../ei_all.h"

#define EI_TABLE ei_table_avx512vbmi
#include "../ei_table.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
