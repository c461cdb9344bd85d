/* Tiles of one floating type; included once per type. */
#include "ei_float_begin.h"
#define EI_WIDTH EI_F(EI_PANEL)

/* sums[j] = x . w_j for one row of n values and the EI_WIDTH columns of a panel. */
EI_API void EI_F(ei_row_dots)(const EI_T *x, int32_t n, const EI_T *panel, EI_T *sums) {
  EI_T total[EI_WIDTH] = {0};
  for (int32_t i = 0; i < n; i++, panel += EI_WIDTH)
    for (int32_t j = 0; j < EI_WIDTH; j++) total[j] += x[i] * panel[j];
  for (int32_t j = 0; j < EI_WIDTH; j++) sums[j] = total[j];
}

/* sums[j] = |x - w_j|^2. */
EI_API void EI_F(ei_row_distances)(const EI_T *x, int32_t n, const EI_T *panel, EI_T *sums) {
  EI_T total[EI_WIDTH] = {0};
  for (int32_t i = 0; i < n; i++, panel += EI_WIDTH)
    for (int32_t j = 0; j < EI_WIDTH; j++) total[j] += (x[i] - panel[j]) * (x[i] - panel[j]);
  for (int32_t j = 0; j < EI_WIDTH; j++) sums[j] = total[j];
}

/* The same for EI_TILE_ROWS rows: `row` values apart, their sums `stride` apart. */
#ifndef EI_HAVE_TILES
EI_API void EI_F(ei_tile_dots)(const EI_T *x, int32_t row, int32_t n, const EI_T *panel, EI_T *sums,
                               int32_t stride) {
  for (int32_t r = 0; r < EI_TILE_ROWS; r++, x += row, sums += stride)
    EI_F(ei_row_dots)(x, n, panel, sums);
}

EI_API void EI_F(ei_tile_distances)(const EI_T *x, int32_t row, int32_t n, const EI_T *panel,
                                    EI_T *sums, int32_t stride) {
  for (int32_t r = 0; r < EI_TILE_ROWS; r++, x += row, sums += stride)
    EI_F(ei_row_distances)(x, n, panel, sums);
}
#endif

#undef EI_WIDTH
#include "ei_float_end.h"
