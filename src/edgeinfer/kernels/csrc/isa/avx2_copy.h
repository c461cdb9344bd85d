/* Rows of an image into the window, 32 bytes at a time. AVX2. */
#ifndef EI_AVX2_COPY_H
#define EI_AVX2_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EI_HAVE_COPY_FLIPPED 1

/* Eight bytes. */
static inline void ei_copy_eight(char *to, const char *from, uint64_t flips) {
  uint64_t eight;
  memcpy(&eight, from, 8);
  eight ^= flips;
  memcpy(to, &eight, 8);
}

static inline void ei_copy_flipped(char *to, const char *from, size_t bytes, char flip) {
  const __m256i flips = _mm256_set1_epi8(flip);
  const uint64_t eight = (uint64_t)(unsigned char)flip * 0x0101010101010101u;
  size_t i = 0;
  for (; i + 32 <= bytes; i += 32) {
    const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(from + i));
    _mm256_storeu_si256((__m256i *)(void *)(to + i), _mm256_xor_si256(x, flips));
  }
  for (; i + 8 <= bytes; i += 8) ei_copy_eight(to + i, from + i, eight);
  for (; i < bytes; i++) to[i] = (char)(from[i] ^ flip);
}

/* `count` pixels by turns to `even` and `odd`. */
static inline void ei_split_pixels(char *even, char *odd, const char *from, size_t pixel,
                                   int32_t count, char flip) {
  const __m256i flips = _mm256_set1_epi8(flip);
  int32_t c = 0;
  if (pixel == 8) {
    for (; c + 4 <= count; c += 4, from += 32, even += 16, odd += 16) {
      const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)from);
      const __m256i y = _mm256_permute4x64_epi64(_mm256_xor_si256(x, flips), 0xD8);
      _mm_storeu_si128((__m128i *)(void *)even, _mm256_castsi256_si128(y));
      _mm_storeu_si128((__m128i *)(void *)odd, _mm256_extracti128_si256(y, 1));
    }
  } else if (pixel == 16) {
    for (; c + 2 <= count; c += 2, from += 32, even += 16, odd += 16) {
      const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)from);
      const __m256i y = _mm256_xor_si256(x, flips);
      _mm_storeu_si128((__m128i *)(void *)even, _mm256_castsi256_si128(y));
      _mm_storeu_si128((__m128i *)(void *)odd, _mm256_extracti128_si256(y, 1));
    }
  }
  for (; c + 2 <= count; c += 2, from += 2 * pixel, even += pixel, odd += pixel) {
    ei_copy_flipped(even, from, pixel, flip);
    ei_copy_flipped(odd, from + pixel, pixel, flip);
  }
  if (c < count) ei_copy_flipped(even, from, pixel, flip);
}

#endif
