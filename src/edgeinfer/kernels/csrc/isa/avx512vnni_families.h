/* What is written by hand for AVX-512 with VNNI; sets that have more include this as well. */
#include "avx512_qadd_linear.h"
#include "avx512_qbinary.h"
#include "avx512_trees.h"
#include "avx512vnni_conv.h"
#include "avx512vnni_dense_int.h"
#include "avx512vnni_neighbors.h"
#include "conv_float.h"
