/* Convolutions with 8 outputs: a vector of 16 sums is then two for each, of the even and of the odd
 * words of a segment, and a pixel is read 8 values at a time. What is rescaled is again full: sums
 * of two pixels by turns.
 *
 * Its parameters lie in `extra` behind the one block of the other tiles: a block in which each
 * output comes twice, its bias once, then the weights (segments, pairs of words, 8, 8). */
#ifndef EI_AVX512_NARROW_I8_H
#define EI_AVX512_NARROW_I8_H

enum { EI_NARROW_OUTPUTS = 8, EI_NARROW_PIXELS = 16 };

/* Whether the tile below computes strips of so many pixels. */
static inline int ei_is_narrow_i8(const ei_conv_params *p, int32_t pixels) {
  return p->out_c == EI_NARROW_OUTPUTS && p->small && p->direct != 1 && pixels >= EI_NARROW_PIXELS;
}

/* Sixteen pixels from `at` on. */
static void ei_conv_narrow_i8(const ei_conv_params *p, const char *const *segments, ptrdiff_t at,
                              ptrdiff_t step, char *out) {
  const char *block = (const char *)p->extra + EI_FACTOR_BYTES;
  const char *w = block + EI_FACTOR_BYTES;
  const ptrdiff_t steps[3] = {step, 3 * step, 5 * step};
  __m512i sum[EI_NARROW_PIXELS], y[EI_NARROW_PIXELS / 2];
#pragma GCC unroll 16
  for (int r = 0; r < EI_NARROW_PIXELS; r++) sum[r] = _mm512_loadu_si512(block + EI_FACTOR_BIAS);
  for (int32_t s = 0; s < p->segments; s++) {
    EI_SIXES(x, segments[s] + at, steps);
    for (int32_t k = 0; k < p->words; k += 2, EI_NEXT(x, 8), w += 64) {
      const __m512i weights = _mm512_loadu_si512(w);
#pragma GCC unroll 16
      for (int r = 0; r < EI_NARROW_PIXELS; r++) {
        int64_t eight;
        memcpy(&eight, ei_pixel(x, r, steps), 8);
        ei_dot16(&sum[r], _mm512_set1_epi64(eight), weights);
      }
    }
  }
  const ei_factor16 factor = ei_load_factor16(block);
#pragma GCC unroll 8
  for (int i = 0; i < EI_NARROW_PIXELS / 2; i++) {
    const __m512i a = sum[2 * i], b = sum[2 * i + 1];
    const __m512i even = _mm512_mask_shuffle_epi32(a, 0xAAAA, b, _MM_PERM_CCAA);
    const __m512i odd = _mm512_mask_shuffle_epi32(b, 0x5555, a, _MM_PERM_DDBB);
    y[i] = _mm512_add_epi32(even, odd);
  }
  if (p->small == 2) {
#pragma GCC unroll 8
    for (int i = 0; i < EI_NARROW_PIXELS / 2; i++) y[i] = ei_rescale16(y[i], &factor, 1);
  } else {
#pragma GCC unroll 8
    for (int i = 0; i < EI_NARROW_PIXELS / 2; i++) y[i] = ei_rescale16(y[i], &factor, 0);
  }
  /* In each quarter are two outputs of eight pixels: first those of a pixel together, then pixels.
   */
  const __m512i pairs =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15));
  const __m512i order = _mm512_set_epi16(31, 23, 15, 7, 30, 22, 14, 6, 29, 21, 13, 5, 28, 20, 12, 4,
                                         27, 19, 11, 3, 26, 18, 10, 2, 25, 17, 9, 1, 24, 16, 8, 0);
  const __m512i low = _mm512_set1_epi8((char)p->low), high = _mm512_set1_epi8((char)p->high);
#pragma GCC unroll 2
  for (int i = 0; i < EI_NARROW_PIXELS / 2; i += 4) {
    const __m512i bytes = _mm512_packs_epi16(_mm512_packs_epi32(y[i], y[i + 1]),
                                             _mm512_packs_epi32(y[i + 2], y[i + 3]));
    const __m512i bounded = _mm512_min_epi8(_mm512_max_epi8(bytes, low), high);
    _mm512_storeu_si512(out + 16 * i,
                        _mm512_permutexvar_epi16(order, _mm512_shuffle_epi8(bounded, pairs)));
  }
}

#endif
