/* Dense panels of one floating type; included once per type. */
#include "../ei_float_begin.h"

/* rows and panels are constants where this is inlined: all sums stay in registers. */
static inline __attribute__((always_inline)) void EI_F(ei_dense_tile)(int rows, int panels,
                                                                      const EI_T *x, ptrdiff_t row,
                                                                      int32_t n, const EI_T *w,
                                                                      EI_T *sums) {
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
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
    for (int p = 0; p < panels * PARTS; p++)
      *(EI_F(ei_vector) *)(sums + r * EI_DENSE_PANELS * WIDTH + p * LANES) = total[r][p];
}

static inline void EI_F(ei_dense_panels)(const EI_T *x, ptrdiff_t row, int32_t rows, int32_t n,
                                         const EI_T *w, int32_t panels, EI_T *sums) {
  enum { WIDTH = EI_F(EI_PANEL) };
  const ptrdiff_t step = (ptrdiff_t)n * WIDTH;
  if (rows == EI_DENSE_ROWS) {
    for (; panels >= EI_DENSE_TILE; panels -= EI_DENSE_TILE) {
      EI_F(ei_dense_tile)(EI_DENSE_ROWS, EI_DENSE_TILE, x, row, n, w, sums);
      w += EI_DENSE_TILE * step;
      sums += EI_DENSE_TILE * WIDTH;
    }
    if (panels > 0) EI_F(ei_dense_tile)(EI_DENSE_ROWS, 1, x, row, n, w, sums);
    return;
  }
  for (; rows > 0; rows--, x += row, sums += EI_DENSE_PANELS * WIDTH) {
    int32_t done = 0;
    for (; panels - done >= 4; done += 4)
      EI_F(ei_dense_tile)(1, 4, x, row, n, w + done * step, sums + done * WIDTH);
    for (; panels - done >= 2; done += 2)
      EI_F(ei_dense_tile)(1, 2, x, row, n, w + done * step, sums + done * WIDTH);
    if (done < panels) EI_F(ei_dense_tile)(1, 1, x, row, n, w + done * step, sums + done * WIDTH);
  }
}

#include "../ei_float_end.h"
