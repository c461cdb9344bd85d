/* One tile of ei_strip_i8: EI_ROWS pixels, EI_COLS panels of 16 outputs, all sums in registers.
 * Included once per shape. */
#if EI_SLIDE
#define EI_TILE EI_CAT(EI_CAT(ei_conv_slide_i8_, EI_COLS), EI_CAT(x, EI_ROWS))
#else
#define EI_TILE EI_CAT(EI_CAT(ei_conv_tile_i8_, EI_COLS), EI_CAT(x, EI_ROWS))
#endif

static inline __attribute__((always_inline)) void EI_CAT(EI_TILE, _body)(
    const ei_conv_params *p, const char *const *segments, ptrdiff_t at, ptrdiff_t step,
    int32_t panel, char *out, int flip) {
  const ptrdiff_t panel_bytes = (ptrdiff_t)p->segments * p->words * 64;
  const char *w = (const char *)p->weights + panel * panel_bytes;
  const int32_t first = panel * EI_CONV_PANEL;
  const char *factors = (const char *)p->extra + (ptrdiff_t)panel * EI_FACTOR_BYTES;
  const __m512i sign = _mm512_set1_epi32((int32_t)0x80808080u);
  const ptrdiff_t steps[3] = {step, 3 * step, 5 * step};
  __m512i sum[EI_ROWS][EI_COLS];
#pragma GCC unroll 16
  for (int c = 0; c < EI_COLS; c++) {
    const __m512i start = _mm512_loadu_si512(factors + c * EI_FACTOR_BYTES + EI_FACTOR_BIAS);
#pragma GCC unroll 16
    for (int r = 0; r < EI_ROWS; r++) sum[r][c] = start;
  }
#if EI_SLIDE
  /* A kernel three wide that moves by one: an input is read once for the three outputs it is in. */
  const ptrdiff_t third = (ptrdiff_t)p->words / 3 * 64;
  for (int32_t s = 0; s < p->segments; s++, w += 2 * third) {
    EI_SIXES(x, segments[s] + at, steps);
    for (ptrdiff_t k = 0; k < third; k += 64, EI_NEXT(x, 4), w += 64) {
      __m512i weights[3][EI_COLS];
#pragma GCC unroll 3
      for (int j = 0; j < 3; j++) {
#pragma GCC unroll 4
        for (int c = 0; c < EI_COLS; c++)
          weights[j][c] = _mm512_loadu_si512(w + j * third + c * panel_bytes);
      }
      /* Every third input first: those do not wait for each other's sums. */
#pragma GCC unroll 3
      for (int start = 0; start < 3; start++) {
#pragma GCC unroll 6
        for (int r = start; r < EI_ROWS + 2; r += 3) {
          int32_t four;
          memcpy(&four, ei_pixel(x, r, steps), 4);
          const __m512i values = _mm512_set1_epi32(four);
#pragma GCC unroll 3
          for (int j = 0; j < 3; j++) {
            if (r - j < 0 || r - j >= EI_ROWS) continue;
#pragma GCC unroll 4
            for (int c = 0; c < EI_COLS; c++) ei_dot16(&sum[r - j][c], values, weights[j][c]);
          }
        }
      }
    }
  }
  (void)flip;
  (void)sign;
#else
  for (int32_t s = 0; s < p->segments; s++) {
    EI_SIXES(x, segments[s] + at, steps);
    for (int32_t k = 0; k < p->words; k++, EI_NEXT(x, 4), w += 64) {
      __m512i weights[EI_COLS];
#pragma GCC unroll 16
      for (int c = 0; c < EI_COLS; c++) weights[c] = _mm512_loadu_si512(w + c * panel_bytes);
#pragma GCC unroll 16
      for (int r = 0; r < EI_ROWS; r++) {
        int32_t four;
        memcpy(&four, ei_pixel(x, r, steps), 4);
        __m512i values = _mm512_set1_epi32(four);
        if (flip) values = _mm512_xor_si512(values, sign);
#pragma GCC unroll 16
        for (int c = 0; c < EI_COLS; c++) ei_dot16(&sum[r][c], values, weights[c]);
      }
    }
  }
#endif
  if (!p->small) {
    const ei_bounds16 bounds = ei_load_bounds16(p->low, p->high, p->y_zero);
#pragma GCC unroll 16
    for (int c = 0; c < EI_COLS; c++) {
      const int32_t o = first + 16 * c;
#pragma GCC unroll 16
      for (int r = 0; r < EI_ROWS; r++) {
        const __m512i y = ei_rescale16_large(sum[r][c], p->multiplier + o, p->shift + o);
        ei_store16(out + (ptrdiff_t)r * p->out_c + o, p->out_c - o,
                   _mm512_cvtepi32_epi8(ei_bound16(y, &bounds)));
      }
    }
    return;
  }
#pragma GCC unroll 16
  for (int c = 0; c < EI_COLS; c++) {
    const ei_factor16 factor = ei_load_factor16(factors + c * EI_FACTOR_BYTES);
    if (p->small == 2) {
#pragma GCC unroll 16
      for (int r = 0; r < EI_ROWS; r++) sum[r][c] = ei_rescale16(sum[r][c], &factor, 1);
    } else {
#pragma GCC unroll 16
      for (int r = 0; r < EI_ROWS; r++) sum[r][c] = ei_rescale16(sum[r][c], &factor, 0);
    }
  }
#if EI_ROWS * EI_COLS % 4 == 0
#if EI_COLS >= 4
  const int whole = p->out_c - first >= 16 * EI_COLS;
#else
  const int whole = p->out_c == 16 * EI_COLS; /* pixels without gaps */
#endif
  if (whole) {
    const __m512i low = _mm512_set1_epi8((char)p->low), high = _mm512_set1_epi8((char)p->high);
#pragma GCC unroll 16
    for (int i = 0; i < EI_ROWS * EI_COLS; i += 4) {
      const ptrdiff_t pixel = i / EI_COLS, column = i % EI_COLS;
      __m512i y[4];
#pragma GCC unroll 4
      for (int k = 0; k < 4; k++) y[k] = sum[(i + k) / EI_COLS][(i + k) % EI_COLS];
      const __m512i bytes = ei_bytes64(y);
      _mm512_storeu_si512(out + pixel * p->out_c + first + 16 * column,
                          _mm512_min_epi8(_mm512_max_epi8(bytes, low), high));
    }
    return;
  }
#endif
  const __m128i low = _mm_set1_epi8((char)p->low), high = _mm_set1_epi8((char)p->high);
#pragma GCC unroll 16
  for (int r = 0; r < EI_ROWS; r++) {
#pragma GCC unroll 16
    for (int c = 0; c < EI_COLS; c++) {
      const int32_t o = first + 16 * c;
      const __m128i y = _mm512_cvtsepi32_epi8(sum[r][c]);
      ei_store16(out + (ptrdiff_t)r * p->out_c + o, p->out_c - o,
                 _mm_min_epi8(_mm_max_epi8(y, low), high));
    }
  }
}

static void EI_TILE(const ei_conv_params *p, const char *const *segments, ptrdiff_t at,
                    ptrdiff_t step, int32_t panel, char *out) {
  EI_CAT(EI_TILE, _body)(p, segments, at, step, panel, out, 0);
}

#if !EI_SLIDE
/* The same for pixels read where they are, whose sign bit has yet to be flipped. */
static void EI_CAT(EI_TILE, _flip)(const ei_conv_params *p, const char *const *segments,
                                   ptrdiff_t at, ptrdiff_t step, int32_t panel, char *out) {
  EI_CAT(EI_TILE, _body)(p, segments, at, step, panel, out, 1);
}
#endif

#undef EI_TILE
#undef EI_ROWS
#undef EI_COLS
