/* ei_dense_int.h's primitives: 16 outputs in a register, dot products of unsigned inputs and signed
 * weights. Eight rows share the weights of two panels; one row runs over four panels at once. */
#define EI_HAVE_DOT_I8     1
#define EI_HAVE_DOT_I16W8  1
#define EI_HAVE_DOT_I16W16 1
#define EI_HAVE_FINISH_I8  1
#define EI_HAVE_WIDE_I8    1
#define EI_INT_PANELS      4

#include "../ei_dense_int_params.h"
#include "avx512_integers.h"

static inline __m512i ei_broadcast_32(const void *x) {
  int32_t value;
  __builtin_memcpy(&value, x, sizeof value);
  return _mm512_set1_epi32(value);
}

/* rows and panels are constants where these are inlined: all sums stay in registers. */
static inline __attribute__((always_inline)) void ei_tile_i8(int rows, int panels, const uint8_t *x,
                                                             ptrdiff_t stride, const int8_t *w,
                                                             int32_t groups, const int32_t *bias,
                                                             int32_t *acc) {
  __m512i sum[EI_INT_ROWS][EI_INT_PANELS];
  const ptrdiff_t step = (ptrdiff_t)groups * 64;
  const uint8_t *second = rows > 4 ? x + 4 * stride : x;
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
    for (int p = 0; p < panels; p++) sum[r][p] = _mm512_loadu_si512(bias + p * EI_LANES);
  for (int32_t g = 0; g < groups; g++, w += 64, x += 4, second += 4) {
    __m512i weight[EI_INT_PANELS];
#pragma GCC unroll 4
    for (int p = 0; p < panels; p++) weight[p] = _mm512_loadu_si512(w + p * step);
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
      const __m512i four = ei_broadcast_32((r < 4 ? x : second) + (r % 4) * stride);
#pragma GCC unroll 4
      for (int p = 0; p < panels; p++) ei_dot16(&sum[r][p], four, weight[p]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
    for (int p = 0; p < panels; p++)
      _mm512_storeu_si512(acc + r * EI_INT_PANELS * EI_LANES + p * EI_LANES, sum[r][p]);
}

static inline void ei_dot_i8(const uint8_t *x, ptrdiff_t stride, int32_t rows, const int8_t *w,
                             int32_t groups, int32_t panels, const int32_t *bias, int32_t *acc) {
  const ptrdiff_t step = (ptrdiff_t)groups * 64;
  if (rows == EI_INT_ROWS) {
    int32_t p = 0;
    for (; panels - p >= 2; p += 2)
      ei_tile_i8(EI_INT_ROWS, 2, x, stride, w + p * step, groups, bias + p * EI_LANES,
                 acc + p * EI_LANES);
    if (p < panels)
      ei_tile_i8(EI_INT_ROWS, 1, x, stride, w + p * step, groups, bias + p * EI_LANES,
                 acc + p * EI_LANES);
    return;
  }
  for (; rows > 0; rows--, x += stride, acc += EI_INT_PANELS * EI_LANES) {
    if (panels == 4) {
      ei_tile_i8(1, 4, x, stride, w, groups, bias, acc);
      continue;
    }
    for (int32_t p = 0; p < panels; p++)
      ei_tile_i8(1, 1, x, stride, w + p * step, groups, bias + p * EI_LANES, acc + p * EI_LANES);
  }
}

/* Sixteen 32-bit sums are added to the 64-bit ones. */
static inline void ei_widen(__m512i sum, int64_t *acc) {
  const __m512i low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(sum));
  const __m512i high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(sum, 1));
  _mm512_storeu_si512(acc, _mm512_add_epi64(_mm512_loadu_si512(acc), low));
  _mm512_storeu_si512(acc + 8, _mm512_add_epi64(_mm512_loadu_si512(acc + 8), high));
}

static inline __attribute__((always_inline)) void ei_tile_i16w8(int rows, const int16_t *x,
                                                                ptrdiff_t stride, const int8_t *w,
                                                                int32_t groups, int64_t *acc) {
  for (int32_t first = 0; first < groups; first += EI_WIDE_CHUNK) {
    const int32_t last = groups - first < EI_WIDE_CHUNK ? groups : first + EI_WIDE_CHUNK;
    __m512i sum[EI_INT_ROWS];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) sum[r] = _mm512_setzero_si512();
    for (int32_t g = first; g < last; g++) {
      const __m256i bytes = _mm256_loadu_si256((const __m256i *)(w + (ptrdiff_t)g * 32));
      const __m512i weight = _mm512_cvtepi8_epi16(bytes);
#pragma GCC unroll 8
      for (int r = 0; r < rows; r++)
        ei_dot16_pairs(&sum[r], ei_broadcast_32(x + r * stride + 2 * g), weight);
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) ei_widen(sum[r], acc + r * EI_INT_PANELS * EI_LANES);
  }
}

/* A pair of products has 32 bits: its upper and lower half are summed apart, each in 32 bits. */
static inline __attribute__((always_inline)) void ei_tile_i16w16(int rows, const int16_t *x,
                                                                 ptrdiff_t stride, const int16_t *w,
                                                                 int32_t groups, int64_t *acc) {
  enum { CHUNK = 16384 };
  const __m512i mask = _mm512_set1_epi32(0xFFFF);
  for (int32_t first = 0; first < groups; first += CHUNK) {
    const int32_t last = groups - first < CHUNK ? groups : first + CHUNK;
    __m512i upper[EI_INT_ROWS], lower[EI_INT_ROWS];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) upper[r] = lower[r] = _mm512_setzero_si512();
    for (int32_t g = first; g < last; g++) {
      const __m512i weight = _mm512_loadu_si512(w + (ptrdiff_t)g * 32);
#pragma GCC unroll 8
      for (int r = 0; r < rows; r++) {
        const __m512i pair = _mm512_madd_epi16(ei_broadcast_32(x + r * stride + 2 * g), weight);
        upper[r] = _mm512_add_epi32(upper[r], _mm512_srai_epi32(pair, 16));
        lower[r] = _mm512_add_epi32(lower[r], _mm512_and_si512(pair, mask));
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
      int64_t *to = acc + r * EI_INT_PANELS * EI_LANES;
      ei_widen(lower[r], to);
      const __m512i low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(upper[r]));
      const __m512i high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(upper[r], 1));
      _mm512_storeu_si512(to, _mm512_add_epi64(_mm512_loadu_si512(to), _mm512_slli_epi64(low, 16)));
      _mm512_storeu_si512(
          to + 8, _mm512_add_epi64(_mm512_loadu_si512(to + 8), _mm512_slli_epi64(high, 16)));
    }
  }
}

static inline void ei_start_i64(int32_t rows, const int64_t *bias, int64_t *acc) {
  for (int32_t r = 0; r < rows; r++)
    __builtin_memcpy(acc + r * EI_INT_PANELS * EI_LANES, bias, EI_LANES * sizeof *acc);
}

static inline void ei_dot_i16w8(const int16_t *x, ptrdiff_t stride, int32_t rows, const int8_t *w,
                                int32_t groups, int32_t panels, const int64_t *bias, int64_t *acc) {
  for (int32_t p = 0; p < panels; p++, w += (ptrdiff_t)groups * 32, acc += EI_LANES) {
    ei_start_i64(rows, bias + p * EI_LANES, acc);
    if (rows == EI_INT_ROWS)
      ei_tile_i16w8(EI_INT_ROWS, x, stride, w, groups, acc);
    else
      for (int32_t r = 0; r < rows; r++)
        ei_tile_i16w8(1, x + r * stride, stride, w, groups, acc + r * EI_INT_PANELS * EI_LANES);
  }
}

static inline void ei_dot_i16w16(const int16_t *x, ptrdiff_t stride, int32_t rows, const int16_t *w,
                                 int32_t groups, int32_t panels, const int64_t *bias,
                                 int64_t *acc) {
  for (int32_t p = 0; p < panels; p++, w += (ptrdiff_t)groups * 32, acc += EI_LANES) {
    ei_start_i64(rows, bias + p * EI_LANES, acc);
    if (rows == EI_INT_ROWS)
      ei_tile_i16w16(EI_INT_ROWS, x, stride, w, groups, acc);
    else
      for (int32_t r = 0; r < rows; r++)
        ei_tile_i16w16(1, x + r * stride, stride, w, groups, acc + r * EI_INT_PANELS * EI_LANES);
  }
}

/* How 16 outputs are rescaled. `small`: no sum, shifted left, comes to 2^30, and no right shift to
 * 23, so that shorter forms hold; the zero points are then part of `half`. */
typedef struct {
  __m512i multiplier, left, right, half;
  __mmask16 any; /* lanes that are shifted to the right */
} ei_dense_factor;

static inline __attribute__((always_inline)) ei_dense_factor ei_load_dense_factor(
    const int32_t *multiplier, const int32_t *shift, int small, __m512i zero_point) {
  const __m512i zero = _mm512_setzero_si512(), one = _mm512_set1_epi32(1);
  const __m512i s = _mm512_loadu_si512(shift);
  ei_dense_factor f;
  f.multiplier = _mm512_loadu_si512(multiplier);
  f.left = _mm512_max_epi32(s, zero);
  if (small) f.left = _mm512_add_epi32(f.left, one);
  f.right = _mm512_max_epi32(_mm512_sub_epi32(zero, s), zero);
  f.half = _mm512_srli_epi32(_mm512_sllv_epi32(one, f.right), 1);
  f.any = _mm512_test_epi32_mask(f.right, f.right);
  if (small) f.half = _mm512_add_epi32(f.half, _mm512_sllv_epi32(zero_point, f.right));
  return f;
}

/* ei_rescale_i32, and with `small` the zero point: of the sum doubled, the upper half of the
 * product lies ready, and half and -1 are added for one rounding away from zero. */
static inline __attribute__((always_inline)) __m512i ei_dense_rescale(__m512i x,
                                                                      const ei_dense_factor *f,
                                                                      int small) {
  const __m512i shifted = _mm512_sllv_epi32(x, f->left);
  if (!small) {
    const __m512i one = _mm512_set1_epi32(1);
    const __m512i mask = _mm512_sub_epi32(_mm512_sllv_epi32(one, f->right), one);
    return ei_divide16(ei_high_mul16(shifted, f->multiplier), f->right, mask);
  }
  const __m512i half = _mm512_set1_epi64((int64_t)1 << 31);
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(shifted, f->multiplier), half);
  const __m512i odd = _mm512_add_epi64(
      _mm512_mul_epi32(_mm512_srli_epi64(shifted, 32), _mm512_srli_epi64(f->multiplier, 32)), half);
  const __m512i upper = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
  const __m512i away = _mm512_maskz_srai_epi32(f->any, upper, 31);
  return _mm512_srav_epi32(_mm512_add_epi32(_mm512_add_epi32(upper, f->half), away), f->right);
}

/* Four vectors, saturated, as the bytes of one, in order. */
static inline __m512i ei_pack16x4(const __m512i *x) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i y =
      _mm512_packs_epi16(_mm512_packs_epi32(x[0], x[1]), _mm512_packs_epi32(x[2], x[3]));
  return _mm512_permutexvar_epi32(order, y);
}

/* Panels of sums of a row become bytes; the factors of `panels` panels stay in registers for all
 * rows. Four whole panels of bytes are stored at once. */
static inline __attribute__((always_inline)) void ei_finish_panels_i8(
    const ei_dense_int_params *p, int panels, int small, int32_t first, int32_t width, int32_t rows,
    const int32_t *acc, int8_t *y) {
  const __m128i low = _mm_set1_epi8((char)p->low), high = _mm_set1_epi8((char)p->high);
  ei_dense_factor factor[EI_INT_PANELS];
  __m512i zero[EI_INT_PANELS], least[EI_INT_PANELS], most[EI_INT_PANELS];
#pragma GCC unroll 4
  for (int c = 0; c < panels; c++) {
    const int32_t o = first + c * EI_LANES;
    zero[c] = _mm512_loadu_si512(p->zero + o);
    least[c] = _mm512_sub_epi32(_mm512_set1_epi32(p->low), zero[c]);
    most[c] = _mm512_sub_epi32(_mm512_set1_epi32(p->high), zero[c]);
    factor[c] = ei_load_dense_factor(p->multiplier + o, p->shift + o, small, zero[c]);
  }
  for (int32_t r = 0; r < rows; r++, acc += EI_INT_PANELS * EI_LANES, y += p->n_out) {
    __m512i value[EI_INT_PANELS];
#pragma GCC unroll 4
    for (int c = 0; c < panels; c++) {
      value[c] = ei_dense_rescale(_mm512_loadu_si512(acc + c * EI_LANES), &factor[c], small);
      if (!small)
        value[c] = _mm512_add_epi32(_mm512_min_epi32(_mm512_max_epi32(value[c], least[c]), most[c]),
                                    zero[c]);
    }
    if (panels == 4) {
      const __m512i bytes = ei_pack16x4(value);
      _mm512_storeu_si512(y, _mm512_min_epi8(_mm512_max_epi8(bytes, _mm512_broadcastb_epi8(low)),
                                             _mm512_broadcastb_epi8(high)));
      continue;
    }
#pragma GCC unroll 4
    for (int c = 0; c < panels; c++)
      ei_store16((char *)y + c * EI_LANES, width - c * EI_LANES,
                 _mm_min_epi8(_mm_max_epi8(_mm512_cvtsepi32_epi8(value[c]), low), high));
  }
}

static inline void ei_finish_i8(const ei_dense_int_params *p, int32_t first, int32_t width,
                                int32_t rows, const int32_t *acc, int8_t *y) {
  if (p->small && width == EI_INT_PANELS * EI_LANES) {
    ei_finish_panels_i8(p, EI_INT_PANELS, 1, first, width, rows, acc, y);
    return;
  }
  for (; width > 0; width -= EI_LANES, first += EI_LANES, acc += EI_LANES, y += EI_LANES)
    if (p->small)
      ei_finish_panels_i8(p, 1, 1, first, width, rows, acc, y);
    else
      ei_finish_panels_i8(p, 1, 0, first, width, rows, acc, y);
}

/* Some rows by four whole panels, from inputs where they are to bytes: sums stay in registers. */
static inline __attribute__((always_inline)) void ei_wide_tile_i8(int rows,
                                                                  const ei_dense_int_params *p,
                                                                  const int8_t *x, const int8_t *w,
                                                                  int32_t first, int8_t *y) {
  const ptrdiff_t step = (ptrdiff_t)p->n_in * EI_LANES;
  const __m512i flip = _mm512_set1_epi8((char)0x80);
  const __m512i low = _mm512_set1_epi8((char)p->low), high = _mm512_set1_epi8((char)p->high);
  __m512i sum[4][4];
#pragma GCC unroll 4
  for (int c = 0; c < 4; c++) {
    const __m512i start = _mm512_loadu_si512((const int32_t *)p->bias + first + c * EI_LANES);
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) sum[r][c] = start;
  }
  for (int32_t i = 0; i < p->n_in; i += 4, w += 64, x += 4) {
    __m512i weight[4];
#pragma GCC unroll 4
    for (int c = 0; c < 4; c++) weight[c] = _mm512_loadu_si512(w + c * step);
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) {
      const __m512i four = _mm512_xor_si512(ei_broadcast_32(x + r * (ptrdiff_t)p->n_in), flip);
#pragma GCC unroll 4
      for (int c = 0; c < 4; c++) ei_dot16(&sum[r][c], four, weight[c]);
    }
  }
#pragma GCC unroll 4
  for (int c = 0; c < 4; c++) {
    const int32_t o = first + c * EI_LANES;
    const ei_dense_factor factor =
        ei_load_dense_factor(p->multiplier + o, p->shift + o, 1, _mm512_loadu_si512(p->zero + o));
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) sum[r][c] = ei_dense_rescale(sum[r][c], &factor, 1);
  }
#pragma GCC unroll 4
  for (int r = 0; r < rows; r++)
    _mm512_storeu_si512(y + (ptrdiff_t)r * p->n_out,
                        _mm512_min_epi8(_mm512_max_epi8(ei_pack16x4(sum[r]), low), high));
}

static inline int32_t ei_wide_i8(const ei_dense_int_params *p, const int8_t *x, ptrdiff_t runs,
                                 int8_t *y) {
  enum { WIDTH = EI_INT_PANELS * EI_LANES };
  if (!p->small || p->n_in % 4 != 0) return 0;
  const int8_t *w = (const int8_t *)p->weights;
  int32_t first = 0;
  for (; p->n_out - first >= WIDTH; first += WIDTH, w += (ptrdiff_t)WIDTH * p->n_in) {
    const int8_t *from = x;
    int8_t *to = y + first;
    ptrdiff_t left = runs;
    for (; left >= 4; left -= 4, from += 4 * (ptrdiff_t)p->n_in, to += 4 * (ptrdiff_t)p->n_out)
      ei_wide_tile_i8(4, p, from, w, first, to);
    for (; left > 0; left--, from += p->n_in, to += p->n_out)
      ei_wide_tile_i8(1, p, from, w, first, to);
  }
  return first;
}
