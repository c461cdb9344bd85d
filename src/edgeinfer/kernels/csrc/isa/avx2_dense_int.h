/* ei_dense_int.h's primitives with 16-bit multiplications: pairs of products are added in 32 bits,
 * so nothing saturates. Rows are taken in twos, which is what the registers hold. */
#define EI_HAVE_DOT_I8     1
#define EI_HAVE_DOT_I16W8  1
#define EI_HAVE_DOT_I16W16 1

#include "../ei_dense_int_params.h"

/* Bytes of four outputs and four inputs each -> 16 bits; sums of a half each end up side by side.
 */
static inline __attribute__((always_inline)) void ei_tile_i8(int rows, const uint8_t *x,
                                                             ptrdiff_t stride, const int8_t *w,
                                                             int32_t groups, const int32_t *bias,
                                                             int32_t *acc) {
  __m256i sum[2][4];
  for (int r = 0; r < rows; r++)
    for (int q = 0; q < 4; q++) sum[r][q] = _mm256_setzero_si256();
  for (int32_t g = 0; g < groups; g++, w += 64, x += 4) {
    __m256i four[2];
#pragma GCC unroll 2
    for (int r = 0; r < rows; r++) {
      int32_t bytes;
      __builtin_memcpy(&bytes, x + r * stride, sizeof bytes);
      four[r] = _mm256_broadcastq_epi64(_mm_cvtepu8_epi16(_mm_cvtsi32_si128(bytes)));
    }
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) {
      const __m256i weight = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(w + 16 * q)));
#pragma GCC unroll 2
      for (int r = 0; r < rows; r++)
        sum[r][q] = _mm256_add_epi32(sum[r][q], _mm256_madd_epi16(four[r], weight));
    }
  }
#pragma GCC unroll 2
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
    for (int h = 0; h < 2; h++) {
      const __m256i mixed = _mm256_hadd_epi32(sum[r][2 * h], sum[r][2 * h + 1]);
      const __m256i ordered = _mm256_permute4x64_epi64(mixed, 0xD8);
      const __m256i start = _mm256_loadu_si256((const __m256i *)(bias + 8 * h));
      _mm256_storeu_si256((__m256i *)(acc + r * EI_LANES + 8 * h),
                          _mm256_add_epi32(ordered, start));
    }
}

static inline void ei_dot_i8(const uint8_t *x, ptrdiff_t stride, int32_t rows, const int8_t *w,
                             int32_t groups, int32_t panels, const int32_t *bias, int32_t *acc) {
  (void)panels; /* one at a time */
  for (; rows >= 2; rows -= 2, x += 2 * stride, acc += 2 * EI_LANES)
    ei_tile_i8(2, x, stride, w, groups, bias, acc);
  if (rows > 0) ei_tile_i8(1, x, stride, w, groups, bias, acc);
}

/* Eight 32-bit numbers times 2^shift are added to 64-bit ones. */
static inline void ei_widen(__m256i sum, int shift, int64_t *acc) {
  const __m256i low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(sum));
  const __m256i high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256(sum, 1));
  __m256i *to = (__m256i *)acc;
  _mm256_storeu_si256(to, _mm256_add_epi64(_mm256_loadu_si256(to), _mm256_slli_epi64(low, shift)));
  _mm256_storeu_si256(to + 1,
                      _mm256_add_epi64(_mm256_loadu_si256(to + 1), _mm256_slli_epi64(high, shift)));
}

static inline void ei_dot_i16w8(const int16_t *x, ptrdiff_t stride, int32_t rows, const int8_t *w,
                                int32_t groups, int32_t panels, const int64_t *bias, int64_t *acc) {
  (void)panels;
  for (; rows > 0; rows--, x += stride, acc += EI_LANES) {
    __builtin_memcpy(acc, bias, EI_LANES * sizeof *acc);
    for (int32_t first = 0; first < groups; first += EI_WIDE_CHUNK) {
      const int32_t last = groups - first < EI_WIDE_CHUNK ? groups : first + EI_WIDE_CHUNK;
      __m256i sum[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
      for (int32_t g = first; g < last; g++) {
        int32_t two;
        __builtin_memcpy(&two, x + 2 * g, sizeof two);
        const __m128i *bytes = (const __m128i *)(w + (ptrdiff_t)g * 32);
#pragma GCC unroll 2
        for (int h = 0; h < 2; h++)
          sum[h] = _mm256_add_epi32(
              sum[h], _mm256_madd_epi16(_mm256_set1_epi32(two),
                                        _mm256_cvtepi8_epi16(_mm_loadu_si128(bytes + h))));
      }
      ei_widen(sum[0], 0, acc);
      ei_widen(sum[1], 0, acc + 8);
    }
  }
}

/* A pair of products has 32 bits: its upper and lower half are summed apart, each in 32 bits. */
static inline void ei_dot_i16w16(const int16_t *x, ptrdiff_t stride, int32_t rows, const int16_t *w,
                                 int32_t groups, int32_t panels, const int64_t *bias,
                                 int64_t *acc) {
  enum { CHUNK = 16384 };
  const __m256i mask = _mm256_set1_epi32(0xFFFF);
  (void)panels;
  for (; rows > 0; rows--, x += stride, acc += EI_LANES) {
    __builtin_memcpy(acc, bias, EI_LANES * sizeof *acc);
    for (int32_t first = 0; first < groups; first += CHUNK) {
      const int32_t last = groups - first < CHUNK ? groups : first + CHUNK;
      __m256i upper[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
      __m256i lower[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
      for (int32_t g = first; g < last; g++) {
        int32_t two;
        __builtin_memcpy(&two, x + 2 * g, sizeof two);
        const __m256i *weights = (const __m256i *)(w + (ptrdiff_t)g * 32);
#pragma GCC unroll 2
        for (int h = 0; h < 2; h++) {
          const __m256i pair =
              _mm256_madd_epi16(_mm256_set1_epi32(two), _mm256_loadu_si256(weights + h));
          upper[h] = _mm256_add_epi32(upper[h], _mm256_srai_epi32(pair, 16));
          lower[h] = _mm256_add_epi32(lower[h], _mm256_and_si256(pair, mask));
        }
      }
#pragma GCC unroll 2
      for (int h = 0; h < 2; h++) {
        ei_widen(upper[h], 16, acc + 8 * h);
        ei_widen(lower[h], 0, acc + 8 * h);
      }
    }
  }
}
