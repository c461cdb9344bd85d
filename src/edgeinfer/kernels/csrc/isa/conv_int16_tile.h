/* One tile of the int16 strips: EI_ROWS pixels, EI_COLS panels of 16 outputs,
 * all sums in registers. With EI_WIDE sums have 64 bits, to which those of
 * EI_WIDE_CHUNK pairs of products, all that 32 bits are sure to hold, are added
 * now and then. Included once per shape. */
#if EI_WIDE
#define EI_TILE EI_CAT(EI_CAT(ei_conv_wide_i16_, EI_COLS), EI_CAT(x, EI_ROWS))
#else
#define EI_TILE EI_CAT(EI_CAT(ei_conv_tile_i16_, EI_COLS), EI_CAT(x, EI_ROWS))
#endif

static void EI_TILE(const ei_conv_params *p, const char *const *segments, ptrdiff_t at,
                    ptrdiff_t step, int32_t panel, int16_t *out) {
  enum { LANES = EI_VECTOR_BYTES / 4, EACH = 16 / LANES, PARTS = EI_COLS * EACH };
  const ptrdiff_t panel_bytes = (ptrdiff_t)p->segments * p->words * 32;
  const char *w = (const char *)p->weights + panel * panel_bytes;
  ei_words sum[EI_ROWS][PARTS];
#pragma GCC unroll 16
  for (int c = 0; c < PARTS; c++) {
    const ei_words start = EI_WIDE ? ei_words_zero() : ei_start_words(p, panel * 16 + c * LANES);
#pragma GCC unroll 16
    for (int r = 0; r < EI_ROWS; r++) sum[r][c] = start;
  }
#if EI_WIDE
  int64_t total[EI_ROWS][EI_COLS * 16];
  for (int r = 0; r < EI_ROWS; r++)
    memcpy(total[r], (const int64_t *)p->bias + panel * 16, sizeof total[r]);
  int32_t room = EI_WIDE_CHUNK;
#endif
  for (int32_t s = 0; s < p->segments; s++) {
    const char *x = segments[s] + at;
    for (int32_t k = 0; k < p->words; k++, x += 4, w += 32) {
      ei_words weights[PARTS];
#pragma GCC unroll 16
      for (int c = 0; c < PARTS; c++)
        weights[c] = ei_words_weights(w + c / EACH * panel_bytes + c % EACH * (2 * LANES));
#pragma GCC unroll 16
      for (int r = 0; r < EI_ROWS; r++) {
        const ei_words values = ei_words_pair(x + r * step);
#pragma GCC unroll 16
        for (int c = 0; c < PARTS; c++) ei_words_dot(&sum[r][c], values, weights[c]);
      }
#if EI_WIDE
      if (--room > 0) continue;
      room = EI_WIDE_CHUNK;
#pragma GCC unroll 16
      for (int r = 0; r < EI_ROWS; r++) {
#pragma GCC unroll 16
        for (int c = 0; c < PARTS; c++) {
          ei_words_widen(sum[r][c], total[r] + c * LANES);
          sum[r][c] = ei_words_zero();
        }
      }
#endif
    }
  }
#pragma GCC unroll 16
  for (int c = 0; c < EI_COLS; c++) {
    const int32_t o = (panel + c) * 16, width = p->out_c - o;
#if EI_WIDE
#pragma GCC unroll 16
    for (int r = 0; r < EI_ROWS; r++) {
      ei_words y[EACH];
      int64_t *to = total[r] + 16 * c;
#pragma GCC unroll 16
      for (int i = 0; i < EACH; i++) ei_words_widen(sum[r][c * EACH + i], to + i * LANES);
      ei_words_rescale_i64(to, p->multiplier + o, p->shift + o, y);
      ei_words_store_panel(y, p->low, p->high, out + (ptrdiff_t)r * p->out_c + o, width);
    }
#else
    if (p->small) {
      const char *block = (const char *)p->extra + (ptrdiff_t)(panel + c) * EI_FACTOR_BYTES;
#pragma GCC unroll 16
      for (int i = 0; i < EACH; i++) {
        const ei_words_factor factor = ei_words_load_factor(block + i * EI_VECTOR_BYTES);
        const int at_c = c * EACH + i;
        if (p->small == 2) {
#pragma GCC unroll 16
          for (int r = 0; r < EI_ROWS; r++)
            sum[r][at_c] = ei_words_rescale(sum[r][at_c], &factor, 1);
        } else {
#pragma GCC unroll 16
          for (int r = 0; r < EI_ROWS; r++)
            sum[r][at_c] = ei_words_rescale(sum[r][at_c], &factor, 0);
        }
      }
    } else {
#pragma GCC unroll 16
      for (int r = 0; r < EI_ROWS; r++)
        ei_words_rescale_large(&sum[r][c * EACH], p->multiplier + o, p->shift + o);
    }
#pragma GCC unroll 16
    for (int r = 0; r < EI_ROWS; r++)
      ei_words_store_panel(&sum[r][c * EACH], p->low, p->high, out + (ptrdiff_t)r * p->out_c + o,
                           width);
#endif
  }
}

#undef EI_TILE
#undef EI_ROWS
#undef EI_COLS
