/* One tile of ei_strip_f32: EI_ROWS pixels, EI_COLS panels of 16 outputs, all sums in registers.
 * Included once per shape. */
static inline void EI_CAT(EI_CAT(ei_tile_f32_, EI_COLS),
                          EI_CAT(x, EI_ROWS))(const ei_conv_params *p, const char *const *segments,
                                              ptrdiff_t at, ptrdiff_t step, int32_t panel,
                                              float *out) {
  enum { LANES = EI_VECTOR_BYTES / 4, PARTS = EI_COLS * 16 / LANES };
  const ptrdiff_t panel_size = (ptrdiff_t)p->segments * p->words * 16;
  const float *w = (const float *)p->weights + panel * panel_size;
  const float *bias = (const float *)p->bias + panel * 16;
  ei_floats sum[EI_ROWS][PARTS];
#pragma GCC unroll 16
  for (int c = 0; c < PARTS; c++) {
#pragma GCC unroll 16
    for (int r = 0; r < EI_ROWS; r++) sum[r][c] = *(const ei_floats *)(bias + c * LANES);
  }
  for (int32_t s = 0; s < p->segments; s++) {
    /* A pointer for every four pixels: more would not stay in registers. */
    const char *x[(EI_ROWS + 3) / 4];
    for (int r = 0; r < EI_ROWS; r += 4) x[r / 4] = segments[s] + at + r * step;
    for (int32_t k = 0; k < p->words; k++, w += 16) {
      ei_floats weights[PARTS];
#pragma GCC unroll 16
      for (int c = 0; c < PARTS; c++)
        weights[c] = *(const ei_floats *)(w + c * LANES / 16 * panel_size + c * LANES % 16);
#pragma GCC unroll 16
      for (int r = 0; r < EI_ROWS; r++) {
        float value;
        memcpy(&value, x[r / 4] + r % 4 * step + 4 * (ptrdiff_t)k, 4);
#pragma GCC unroll 16
        for (int c = 0; c < PARTS; c++)
          sum[r][c] = ei_fma_floats(ei_spread_float(value), weights[c], sum[r][c]);
      }
    }
  }
  const int32_t width = p->out_c - panel * 16;
#pragma GCC unroll 16
  for (int r = 0; r < EI_ROWS; r++) {
    float *y = out + (ptrdiff_t)r * p->out_c + panel * 16;
#pragma GCC unroll 16
    for (int c = 0; c < PARTS; c++) {
      const ei_floats v = ei_clamp_floats(sum[r][c], p->low_f, p->high_f);
      ei_store_floats(y + c * LANES, v, width - c * LANES);
    }
  }
}

#undef EI_ROWS
#undef EI_COLS
