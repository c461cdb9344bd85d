/* Rows of an image into the window, 64 bytes at a time. AVX-512. */
#ifndef EI_AVX512_COPY_H
#define EI_AVX512_COPY_H

#include <stddef.h>
#include <stdint.h>

#define EI_HAVE_COPY_FLIPPED 1

static inline void ei_copy_flipped(char *to, const char *from, size_t bytes, char flip) {
  const __m512i flips = _mm512_set1_epi8(flip);
  size_t i = 0;
  for (; i + 64 <= bytes; i += 64)
    _mm512_storeu_si512(to + i, _mm512_xor_si512(_mm512_loadu_si512(from + i), flips));
  if (i < bytes) {
    const __mmask64 mask = ((__mmask64)1 << (bytes - i)) - 1;
    const __m512i rest = _mm512_maskz_loadu_epi8(mask, from + i);
    _mm512_mask_storeu_epi8(to + i, mask, _mm512_xor_si512(rest, flips));
  }
}

/* `count` pixels by turns to `even` and `odd`. */
static inline void ei_split_pixels(char *even, char *odd, const char *from, size_t pixel,
                                   int32_t count, char flip) {
  const __m512i flips = _mm512_set1_epi8(flip);
  int32_t c = 0;
  if (pixel == 8 || pixel == 16 || pixel == 32) {
    const __m512i order = pixel == 8    ? _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7)
                          : pixel == 16 ? _mm512_setr_epi64(0, 1, 4, 5, 2, 3, 6, 7)
                                        : _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
    const int32_t step = 64 / (int32_t)pixel;
    for (; c + step <= count; c += step, from += 64, even += 32, odd += 32) {
      const __m512i x = _mm512_xor_si512(_mm512_loadu_si512(from), flips);
      const __m512i y = _mm512_permutexvar_epi64(order, x);
      _mm256_storeu_si256((__m256i *)(void *)even, _mm512_castsi512_si256(y));
      _mm256_storeu_si256((__m256i *)(void *)odd, _mm512_extracti64x4_epi64(y, 1));
    }
  }
  for (; c + 2 <= count; c += 2, from += 2 * pixel, even += pixel, odd += pixel) {
    ei_copy_flipped(even, from, pixel, flip);
    ei_copy_flipped(odd, from + pixel, pixel, flip);
  }
  if (c < count) ei_copy_flipped(even, from, pixel, flip);
}

#endif
