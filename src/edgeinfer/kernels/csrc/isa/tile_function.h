/* One tile function, the sum of EI_OF(x, w); all its sums stay in registers, so loops over rows and
 * parts of a panel have to be unrolled. */
static inline void EI_F(EI_NAME)(const EI_T *x, int32_t row, int32_t n, const EI_T *panel,
                                 EI_T *sums, int32_t stride) {
  enum { WIDTH = EI_F(EI_PANEL), LANES = EI_VECTOR_BYTES / sizeof(EI_T), PARTS = WIDTH / LANES };
  EI_F(ei_vector) total[EI_TILE_ROWS][PARTS] = {{{0}}};
  for (int32_t i = 0; i < n; i++, panel += WIDTH) {
#pragma GCC unroll 4
    for (int p = 0; p < PARTS; p++) {
      const EI_F(ei_vector) w = *(const EI_F(ei_vector) *)(panel + p * LANES);
#pragma GCC unroll 4
      for (int r = 0; r < EI_TILE_ROWS; r++) total[r][p] += EI_OF(x[r * row + i], w);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < EI_TILE_ROWS; r++) {
#pragma GCC unroll 4
    for (int p = 0; p < PARTS; p++)
      *(EI_F(ei_vector) *)(sums + r * stride + p * LANES) = total[r][p];
  }
}

#undef EI_NAME
#undef EI_OF
