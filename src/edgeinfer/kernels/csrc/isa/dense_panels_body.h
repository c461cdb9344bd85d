/* Dense panels of one floating type; included once per type. */
#include "../ei_float_begin.h"

/* rows and panels are constants where this is inlined: all sums stay in registers. */
static inline __attribute__((always_inline)) void EI_F(ei_dense_tile)(
    int rows, int panels, const EI_T *x, ptrdiff_t row, int32_t n, const EI_T *w, const EI_T *bias,
    int32_t relu, EI_T *y, ptrdiff_t y_row, int32_t width) {
  enum { WIDTH = EI_F(EI_PANEL), LANES = EI_VECTOR_BYTES / sizeof(EI_T), PARTS = WIDTH / LANES };
  EI_F(ei_vector) total[EI_DENSE_ROWS][EI_DENSE_PANELS * PARTS];
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
    for (int p = 0; p < panels * PARTS; p++) total[r][p] = (EI_F(ei_vector)){0};
  const ptrdiff_t step = (ptrdiff_t)n * WIDTH;
  /* Two pointers and two strides reach eight rows; one stride for each would not fit in registers.
   */
  const EI_T *second = rows > 4 ? x + 4 * row : x;
  for (int32_t i = 0; i < n; i++, w += WIDTH, x++, second++) {
#pragma GCC unroll 16
    for (int p = 0; p < panels * PARTS; p++) {
      const EI_F(ei_vector) weight =
          *(const EI_F(ei_vector) *)(w + (p / PARTS) * step + (p % PARTS) * LANES);
#pragma GCC unroll 8
      for (int r = 0; r < rows; r++) total[r][p] += (r < 4 ? x : second)[(r % 4) * row] * weight;
    }
  }
#pragma GCC unroll 16
  for (int p = 0; p < panels * PARTS; p++) {
    const EI_F(ei_vector) start = *(const EI_F(ei_vector) *)(bias + p * LANES);
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) total[r][p] += start;
  }
  if (relu) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
      for (int p = 0; p < panels * PARTS; p++) total[r][p] = EI_F(ei_not_negative)(total[r][p]);
  }
  if (width == panels * WIDTH) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
      for (int p = 0; p < panels * PARTS; p++)
        *(EI_F(ei_vector) *)(y + r * y_row + p * LANES) = total[r][p];
    return;
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++) {
    EI_F(ei_vector) last[EI_DENSE_PANELS * PARTS];
#pragma GCC unroll 16
    for (int p = 0; p < panels * PARTS; p++) last[p] = total[r][p];
    __builtin_memcpy(y + r * y_row, last, (size_t)width * sizeof *y);
  }
}

static inline void EI_F(ei_dense_panels)(const EI_T *x, ptrdiff_t row, int32_t rows, int32_t n,
                                         const EI_T *w, const EI_T *bias, int32_t relu, EI_T *y,
                                         ptrdiff_t y_row, int32_t width) {
  enum { WIDTH = EI_F(EI_PANEL), TILE = EI_DENSE_TILE * WIDTH };
  const ptrdiff_t step = (ptrdiff_t)n * WIDTH;
  if (rows == EI_DENSE_ROWS) {
    for (; width > TILE - WIDTH; width -= TILE, w += EI_DENSE_TILE * step, bias += TILE, y += TILE)
      EI_F(ei_dense_tile)(EI_DENSE_ROWS, EI_DENSE_TILE, x, row, n, w, bias, relu, y, y_row,
                          width < TILE ? width : TILE);
    if (width > 0) EI_F(ei_dense_tile)(EI_DENSE_ROWS, 1, x, row, n, w, bias, relu, y, y_row, width);
    return;
  }
  for (; rows > 0; rows--, x += row, y += y_row) {
    switch ((width + WIDTH - 1) / WIDTH) {
      case 1:
        EI_F(ei_dense_tile)(1, 1, x, row, n, w, bias, relu, y, y_row, width);
        break;
      case 2:
        EI_F(ei_dense_tile)(1, 2, x, row, n, w, bias, relu, y, y_row, width);
        break;
      case 3:
        EI_F(ei_dense_tile)(1, 3, x, row, n, w, bias, relu, y, y_row, width);
        break;
      default:
        EI_F(ei_dense_tile)(1, 4, x, row, n, w, bias, relu, y, y_row, width);
        break;
    }
  }
}

#include "../ei_float_end.h"
