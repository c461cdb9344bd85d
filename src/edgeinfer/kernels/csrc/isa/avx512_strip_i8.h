/* One tile of ei_strip_i8: EI_ROWS pixels, EI_COLS panels of 16 outputs, all sums in registers.
 * Included once per shape. */
#define EI_TILE EI_CAT(EI_CAT(ei_conv_tile_i8_, EI_COLS), EI_CAT(x, EI_ROWS))

static inline __attribute__((always_inline)) void EI_CAT(EI_TILE, _body)(
    const ei_conv_params *p, const char *const *segments, ptrdiff_t at, ptrdiff_t step,
    int32_t panel, char *out, int flip) {
  const ptrdiff_t panel_bytes = (ptrdiff_t)p->segments * p->words * 64;
  const char *w = (const char *)p->weights + panel * panel_bytes;
  const int32_t first = panel * EI_CONV_PANEL;
  const __m512i sign = _mm512_set1_epi32((int32_t)0x80808080u);
  __m512i sum[EI_ROWS][EI_COLS];
#pragma GCC unroll 16
  for (int c = 0; c < EI_COLS; c++) {
    const __m512i start = _mm512_loadu_si512((const int32_t *)p->extra + first + 16 * c);
#pragma GCC unroll 16
    for (int r = 0; r < EI_ROWS; r++) sum[r][c] = start;
  }
  for (int32_t s = 0; s < p->segments; s++) {
    const char *x = segments[s] + at;
    for (int32_t k = 0; k < p->words; k++, x += 4, w += 64) {
      __m512i weights[EI_COLS];
#pragma GCC unroll 16
      for (int c = 0; c < EI_COLS; c++) weights[c] = _mm512_loadu_si512(w + c * panel_bytes);
#pragma GCC unroll 16
      for (int r = 0; r < EI_ROWS; r++) {
        int32_t four;
        memcpy(&four, x + r * step, 4);
        __m512i values = _mm512_set1_epi32(four);
        if (flip) values = _mm512_xor_si512(values, sign);
#pragma GCC unroll 16
        for (int c = 0; c < EI_COLS; c++) ei_dot16(&sum[r][c], values, weights[c]);
      }
    }
  }
  const ei_bounds16 bounds = ei_load_bounds16(p->low, p->high, p->y_zero);
#pragma GCC unroll 16
  for (int c = 0; c < EI_COLS; c++) {
    const int32_t o = first + 16 * c, width = p->out_c - o < 16 ? p->out_c - o : 16;
    const ei_factor16 factor = ei_load_factor16(p->multiplier + o, p->shift + o, p->small);
#pragma GCC unroll 16
    for (int r = 0; r < EI_ROWS; r++)
      sum[r][c] =
          p->small ? ei_rescale16(sum[r][c], &factor, 1) : ei_rescale16(sum[r][c], &factor, 0);
#pragma GCC unroll 16
    for (int r = 0; r < EI_ROWS; r++) {
      const __m512i y = ei_bound16(sum[r][c], &bounds);
      const __m128i bytes = _mm512_cvtepi32_epi8(y);
      char *to = out + (ptrdiff_t)r * p->out_c + o;
      if (width == 16)
        _mm_storeu_si128((__m128i *)(void *)to, bytes);
      else if (width == 8)
        _mm_storel_epi64((__m128i *)(void *)to, bytes);
      else
        _mm_mask_storeu_epi8(to, (__mmask16)((1u << width) - 1), bytes);
    }
  }
}

static void EI_TILE(const ei_conv_params *p, const char *const *segments, ptrdiff_t at,
                    ptrdiff_t step, int32_t panel, char *out) {
  EI_CAT(EI_TILE, _body)(p, segments, at, step, panel, out, 0);
}

/* The same for pixels read where they are, whose sign bit has yet to be flipped. */
static void EI_CAT(EI_TILE, _flip)(const ei_conv_params *p, const char *const *segments,
                                   ptrdiff_t at, ptrdiff_t step, int32_t panel, char *out) {
  EI_CAT(EI_TILE, _body)(p, segments, at, step, panel, out, 1);
}

#undef EI_TILE
#undef EI_ROWS
#undef EI_COLS
