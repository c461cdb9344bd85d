/* ei_dense_int.h's primitives: 16 outputs in a register, dot products of unsigned inputs and signed
 * weights. Eight rows share the weights of two panels; one row runs over four panels at once. */
#define EI_HAVE_DOT_I8     1
#define EI_HAVE_DOT_I16W8  1
#define EI_HAVE_DOT_I16W16 1
#define EI_HAVE_FINISH_I8  1
#define EI_INT_PANELS      4

#include "../ei_dense_int_params.h"

static inline __m512i ei_broadcast_32(const void *x) {
  int32_t value;
  __builtin_memcpy(&value, x, sizeof value);
  return _mm512_set1_epi32(value);
}

/* rows and panels are constants where these are inlined: all sums stay in registers. */
static inline __attribute__((always_inline)) void ei_tile_i8(int rows, int panels, const uint8_t *x,
                                                             ptrdiff_t stride, const int8_t *w,
                                                             int32_t groups, const int32_t *bias,
                                                             int32_t *acc) {
  __m512i sum[EI_INT_ROWS][EI_INT_PANELS];
  const ptrdiff_t step = (ptrdiff_t)groups * 64;
  const uint8_t *second = rows > 4 ? x + 4 * stride : x;
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
    for (int p = 0; p < panels; p++) sum[r][p] = _mm512_loadu_si512(bias + p * EI_LANES);
  for (int32_t g = 0; g < groups; g++, w += 64, x += 4, second += 4) {
    __m512i weight[EI_INT_PANELS];
#pragma GCC unroll 4
    for (int p = 0; p < panels; p++) weight[p] = _mm512_loadu_si512(w + p * step);
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
      const __m512i four = ei_broadcast_32((r < 4 ? x : second) + (r % 4) * stride);
#pragma GCC unroll 4
      for (int p = 0; p < panels; p++) sum[r][p] = _mm512_dpbusd_epi32(sum[r][p], four, weight[p]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
    for (int p = 0; p < panels; p++)
      _mm512_storeu_si512(acc + r * EI_INT_PANELS * EI_LANES + p * EI_LANES, sum[r][p]);
}

static inline void ei_dot_i8(const uint8_t *x, ptrdiff_t stride, int32_t rows, const int8_t *w,
                             int32_t groups, int32_t panels, const int32_t *bias, int32_t *acc) {
  const ptrdiff_t step = (ptrdiff_t)groups * 64;
  if (rows == EI_INT_ROWS) {
    int32_t p = 0;
    for (; panels - p >= 2; p += 2)
      ei_tile_i8(EI_INT_ROWS, 2, x, stride, w + p * step, groups, bias + p * EI_LANES,
                 acc + p * EI_LANES);
    if (p < panels)
      ei_tile_i8(EI_INT_ROWS, 1, x, stride, w + p * step, groups, bias + p * EI_LANES,
                 acc + p * EI_LANES);
    return;
  }
  for (; rows > 0; rows--, x += stride, acc += EI_INT_PANELS * EI_LANES) {
    if (panels == 4) {
      ei_tile_i8(1, 4, x, stride, w, groups, bias, acc);
      continue;
    }
    for (int32_t p = 0; p < panels; p++)
      ei_tile_i8(1, 1, x, stride, w + p * step, groups, bias + p * EI_LANES, acc + p * EI_LANES);
  }
}

/* Sixteen 32-bit sums are added to the 64-bit ones. */
static inline void ei_widen(__m512i sum, int64_t *acc) {
  const __m512i low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(sum));
  const __m512i high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(sum, 1));
  _mm512_storeu_si512(acc, _mm512_add_epi64(_mm512_loadu_si512(acc), low));
  _mm512_storeu_si512(acc + 8, _mm512_add_epi64(_mm512_loadu_si512(acc + 8), high));
}

static inline __attribute__((always_inline)) void ei_tile_i16w8(int rows, const int16_t *x,
                                                                ptrdiff_t stride, const int8_t *w,
                                                                int32_t groups, int64_t *acc) {
  for (int32_t first = 0; first < groups; first += EI_WIDE_CHUNK) {
    const int32_t last = groups - first < EI_WIDE_CHUNK ? groups : first + EI_WIDE_CHUNK;
    __m512i sum[EI_INT_ROWS];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) sum[r] = _mm512_setzero_si512();
    for (int32_t g = first; g < last; g++) {
      const __m256i bytes = _mm256_loadu_si256((const __m256i *)(w + (ptrdiff_t)g * 32));
      const __m512i weight = _mm512_cvtepi8_epi16(bytes);
#pragma GCC unroll 8
      for (int r = 0; r < rows; r++)
        sum[r] = _mm512_dpwssd_epi32(sum[r], ei_broadcast_32(x + r * stride + 2 * g), weight);
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) ei_widen(sum[r], acc + r * EI_INT_PANELS * EI_LANES);
  }
}

/* A pair of products has 32 bits: its upper and lower half are summed apart, each in 32 bits. */
static inline __attribute__((always_inline)) void ei_tile_i16w16(int rows, const int16_t *x,
                                                                 ptrdiff_t stride, const int16_t *w,
                                                                 int32_t groups, int64_t *acc) {
  enum { CHUNK = 16384 };
  const __m512i mask = _mm512_set1_epi32(0xFFFF);
  for (int32_t first = 0; first < groups; first += CHUNK) {
    const int32_t last = groups - first < CHUNK ? groups : first + CHUNK;
    __m512i upper[EI_INT_ROWS], lower[EI_INT_ROWS];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) upper[r] = lower[r] = _mm512_setzero_si512();
    for (int32_t g = first; g < last; g++) {
      const __m512i weight = _mm512_loadu_si512(w + (ptrdiff_t)g * 32);
#pragma GCC unroll 8
      for (int r = 0; r < rows; r++) {
        const __m512i pair = _mm512_madd_epi16(ei_broadcast_32(x + r * stride + 2 * g), weight);
        upper[r] = _mm512_add_epi32(upper[r], _mm512_srai_epi32(pair, 16));
        lower[r] = _mm512_add_epi32(lower[r], _mm512_and_si512(pair, mask));
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
      int64_t *to = acc + r * EI_INT_PANELS * EI_LANES;
      ei_widen(lower[r], to);
      const __m512i low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(upper[r]));
      const __m512i high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(upper[r], 1));
      _mm512_storeu_si512(to, _mm512_add_epi64(_mm512_loadu_si512(to), _mm512_slli_epi64(low, 16)));
      _mm512_storeu_si512(
          to + 8, _mm512_add_epi64(_mm512_loadu_si512(to + 8), _mm512_slli_epi64(high, 16)));
    }
  }
}

static inline void ei_start_i64(int32_t rows, const int64_t *bias, int64_t *acc) {
  for (int32_t r = 0; r < rows; r++)
    __builtin_memcpy(acc + r * EI_INT_PANELS * EI_LANES, bias, EI_LANES * sizeof *acc);
}

static inline void ei_dot_i16w8(const int16_t *x, ptrdiff_t stride, int32_t rows, const int8_t *w,
                                int32_t groups, int32_t panels, const int64_t *bias, int64_t *acc) {
  for (int32_t p = 0; p < panels; p++, w += (ptrdiff_t)groups * 32, acc += EI_LANES) {
    ei_start_i64(rows, bias + p * EI_LANES, acc);
    if (rows == EI_INT_ROWS)
      ei_tile_i16w8(EI_INT_ROWS, x, stride, w, groups, acc);
    else
      for (int32_t r = 0; r < rows; r++)
        ei_tile_i16w8(1, x + r * stride, stride, w, groups, acc + r * EI_INT_PANELS * EI_LANES);
  }
}

static inline void ei_dot_i16w16(const int16_t *x, ptrdiff_t stride, int32_t rows, const int16_t *w,
                                 int32_t groups, int32_t panels, const int64_t *bias,
                                 int64_t *acc) {
  for (int32_t p = 0; p < panels; p++, w += (ptrdiff_t)groups * 32, acc += EI_LANES) {
    ei_start_i64(rows, bias + p * EI_LANES, acc);
    if (rows == EI_INT_ROWS)
      ei_tile_i16w16(EI_INT_ROWS, x, stride, w, groups, acc);
    else
      for (int32_t r = 0; r < rows; r++)
        ei_tile_i16w16(1, x + r * stride, stride, w, groups, acc + r * EI_INT_PANELS * EI_LANES);
  }
}

/* ei_rescale_i32 of 16 sums at a time. Multipliers are not negative, so nothing saturates in the
 * high product; (ab + 2^30) >> 31 is taken of even and odd lanes. */
static inline void ei_finish_i8(const ei_dense_int_params *p, int32_t first, int32_t width,
                                const int32_t *acc, int8_t *y) {
  const __m512i none = _mm512_setzero_si512(), one = _mm512_set1_epi32(1);
  const __m512i half = _mm512_set1_epi64((int64_t)1 << 30);
  const __m512i low = _mm512_set1_epi32(p->low), high = _mm512_set1_epi32(p->high);
  for (int32_t j = 0; j < width; j += 16) {
    const __m512i shift = _mm512_loadu_si512(p->shift + first + j);
    const __m512i multiplier = _mm512_loadu_si512(p->multiplier + first + j);
    const __m512i left = _mm512_max_epi32(shift, none);
    const __m512i right = _mm512_max_epi32(_mm512_sub_epi32(none, shift), none);
    const __m512i x = _mm512_sllv_epi32(_mm512_loadu_si512(acc + j), left);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, multiplier), half);
    const __m512i odd = _mm512_add_epi64(
        _mm512_mul_epi32(_mm512_srli_epi64(x, 32), _mm512_srli_epi64(multiplier, 32)), half);
    const __m512i product =
        _mm512_mask_mov_epi32(_mm512_srli_epi64(even, 31), 0xAAAA, _mm512_slli_epi64(odd, 1));
    const __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, right), one);
    const __m512i rest = _mm512_and_si512(product, mask);
    const __m512i threshold =
        _mm512_add_epi32(_mm512_srli_epi32(mask, 1), _mm512_srli_epi32(product, 31));
    const __m512i rounded = _mm512_mask_add_epi32(_mm512_srav_epi32(product, right),
                                                  _mm512_cmpgt_epi32_mask(rest, threshold),
                                                  _mm512_srav_epi32(product, right), one);
    /* A product near the ends of 32 bits must not wrap when the zero point is added. */
    const __m512i zero = _mm512_loadu_si512(p->zero + first + j);
    const __m512i inside = _mm512_min_epi32(_mm512_max_epi32(rounded, _mm512_sub_epi32(low, zero)),
                                            _mm512_sub_epi32(high, zero));
    const __m128i bytes = _mm512_cvtepi32_epi8(_mm512_add_epi32(inside, zero));
    const int32_t left_over = width - j;
    const __mmask16 lanes = left_over >= 16 ? 0xFFFF : (__mmask16)((1u << left_over) - 1);
    _mm_mask_storeu_epi8(y + j, lanes, bytes);
  }
}
