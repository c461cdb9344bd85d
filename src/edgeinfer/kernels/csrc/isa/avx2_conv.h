/* Integer convolutions for AVX2: four bytes of each of four outputs become 16-bit pairs, whose
 * products are added exactly. Bytes keep their sign; sums are those of ei_strip_i8. */
#ifndef EI_AVX2_CONV_H
#define EI_AVX2_CONV_H

#include "../ei_fixed.h"
#include "../ei_window.h"

/* The sums of `rows` pixels (at most 2) with one panel of 16 outputs, as pairs of halves. */
static inline __attribute__((always_inline)) void ei_conv_sums_avx2(
    const ei_conv_params *p, const char *const *segments, ptrdiff_t at, ptrdiff_t step,
    const int8_t *w, const int32_t *bias, int32_t *sums, const int rows) {
  __m256i sum[2][4];
#pragma GCC unroll 2
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) sum[r][q] = _mm256_setzero_si256();
  }
  for (int32_t s = 0; s < p->segments; s++) {
    const char *x = segments[s] + at;
    for (int32_t k = 0; k < p->words; k++, x += 4, w += 64) {
      __m256i values[2];
#pragma GCC unroll 2
      for (int r = 0; r < rows; r++) {
        int32_t four;
        memcpy(&four, x + r * step, 4);
        values[r] = _mm256_cvtepi8_epi16(_mm_set1_epi32(four));
      }
#pragma GCC unroll 4
      for (int q = 0; q < 4; q++) {
        const __m256i weights =
            _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(w + 16 * q)));
#pragma GCC unroll 2
        for (int r = 0; r < rows; r++)
          sum[r][q] = _mm256_add_epi32(sum[r][q], _mm256_madd_epi16(values[r], weights));
      }
    }
  }
#pragma GCC unroll 2
  for (int r = 0; r < rows; r++) {
#pragma GCC unroll 2
    for (int q = 0; q < 4; q += 2) {
      /* Outputs 0, 1, 4, 5, 2, 3, 6, 7 after the pairs are added. */
      const __m256i mixed = _mm256_hadd_epi32(sum[r][q], sum[r][q + 1]);
      const __m256i ordered = _mm256_permute4x64_epi64(mixed, 0xD8);
      const __m256i start = _mm256_loadu_si256((const __m256i *)(const void *)(bias + 4 * q));
      _mm256_storeu_si256((__m256i *)(void *)(sums + 16 * r + 4 * q),
                          _mm256_add_epi32(ordered, start));
    }
  }
}

#define EI_HAVE_STRIP_I8 1
static inline void ei_strip_i8(const ei_conv_params *p, const char *const *segments, int32_t pixels,
                               int32_t step, char *out) {
  const ptrdiff_t panel_bytes = (ptrdiff_t)p->segments * p->words * 64;
  const int8_t *w = (const int8_t *)p->weights;
  const int32_t *bias = (const int32_t *)p->bias;
  for (int32_t o = 0; o < p->out_c; o += 16, w += panel_bytes) {
    const int32_t width = p->out_c - o < 16 ? p->out_c - o : 16;
    for (int32_t i = 0; i < pixels; i += 2) {
      int32_t sums[32];
      const int32_t rows = pixels - i < 2 ? 1 : 2;
      const ptrdiff_t at = (ptrdiff_t)i * step;
      if (rows == 2)
        ei_conv_sums_avx2(p, segments, at, step, w, bias + o, sums, 2);
      else
        ei_conv_sums_avx2(p, segments, at, step, w, bias + o, sums, 1);
      for (int32_t r = 0; r < rows; r++)
        for (int32_t j = 0; j < width; j++) {
          const int32_t y = ei_rescale_i32(sums[16 * r + j], p->multiplier[o + j], p->shift[o + j]);
          out[(ptrdiff_t)(i + r) * p->out_c + o + j] =
              (char)(ei_clamp_i32(y, p->low - p->y_zero, p->high - p->y_zero) + p->y_zero);
        }
    }
  }
}

#endif
