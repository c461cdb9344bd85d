/* Small trees level by level, 64 rows at once: a row's node is a byte, and what belongs to the
 * nodes of a level (ranks, columns, children) is looked up in a register by that byte. */
#define EI_HAVE_TREES_LEVELS 1

/* `table` has `n` bytes (at most 128) that are looked up; bytes behind it are readable. */
EI_API __m512i ei_trees_pick(const uint8_t *table, int32_t n, __m512i at) {
  const __m512i low = _mm512_loadu_si512(table);
  if (n <= 64) return _mm512_permutexvar_epi8(at, low);
  return _mm512_permutex2var_epi8(low, at, _mm512_loadu_si512(table + 64));
}

EI_API __m512i ei_trees_child(const uint8_t *left, int32_t n, __m512i at, __mmask64 right) {
  const uint8_t *other = left + n;
  if (n <= 64) {
    at = _mm512_mask_add_epi8(at, right, at, _mm512_set1_epi8(64));
    return _mm512_permutex2var_epi8(_mm512_loadu_si512(left), at, _mm512_loadu_si512(other));
  }
  return _mm512_mask_blend_epi8(right, ei_trees_pick(left, n, at), ei_trees_pick(other, n, at));
}

/* `blocks` blocks of 64 rows side by side, because each waits for itself from level to level. */
__attribute__((always_inline)) EI_API void ei_trees_blocks(
    const int32_t blocks, const int32_t *level, const int32_t *end, const uint8_t *tables,
    const int32_t *columns, int32_t wide, const uint8_t *codes, ptrdiff_t stride, uint8_t *leaf) {
  const __m512i two = _mm512_set1_epi8(2), zero = _mm512_setzero_si512();
  __m512i at[2] = {zero, zero}, found[2] = {zero, zero};
  for (; level < end; level += 4) {
    const int32_t n = level[1], n_columns = level[3];
    const uint8_t *table = tables + level[0];
    const int32_t *column = columns + level[2];
    __m512i code[2], mine[2], even[2] = {zero, zero}, odd[2] = {zero, zero};
    /* Every row takes the code of its own node's column; even and odd columns by turns, so that
     * one need not wait for the other. */
    for (int32_t b = 0; b < blocks; b++) mine[b] = ei_trees_pick(table + n, n, at[b]);
    __m512i even_number = zero, odd_number = _mm512_set1_epi8(1);
    int32_t c = 0;
    for (; c + 1 < n_columns; c += 2) {
      for (int32_t b = 0; b < blocks; b++) {
        const uint8_t *own = codes + b * stride;
        even[b] = _mm512_mask_loadu_epi8(even[b], _mm512_cmpeq_epi8_mask(mine[b], even_number),
                                         own + column[c]);
        odd[b] = _mm512_mask_loadu_epi8(odd[b], _mm512_cmpeq_epi8_mask(mine[b], odd_number),
                                        own + column[c + 1]);
      }
      even_number = _mm512_add_epi8(even_number, two);
      odd_number = _mm512_add_epi8(odd_number, two);
    }
    for (int32_t b = 0; b < blocks; b++) {
      if (c < n_columns)
        even[b] = _mm512_mask_loadu_epi8(even[b], _mm512_cmpeq_epi8_mask(mine[b], even_number),
                                         codes + b * stride + column[c]);
      code[b] = _mm512_or_si512(even[b], odd[b]);
      const __mmask64 right = _mm512_cmpgt_epu8_mask(code[b], ei_trees_pick(table, n, at[b]));
      const __mmask64 walking = _knot_mask64(_mm512_movepi8_mask(at[b]));
      const __m512i next = ei_trees_child(table + 2 * n, n, at[b], right);
      if (wide) {
        const __mmask64 arrived = _kand_mask64(walking, _mm512_movepi8_mask(next));
        found[b] =
            _mm512_mask_mov_epi8(found[b], arrived, ei_trees_child(table + 4 * n, n, at[b], right));
      }
      at[b] = _mm512_mask_mov_epi8(at[b], walking, next);
    }
  }
  for (int32_t b = 0; b < blocks; b++)
    _mm512_storeu_si512(leaf + 64 * b,
                        wide ? found[b] : _mm512_and_si512(at[b], _mm512_set1_epi8(127)));
}

EI_API void ei_trees_levels(const int32_t *level, const int32_t *end, const uint8_t *tables,
                            const int32_t *columns, int32_t wide, const uint8_t *codes,
                            ptrdiff_t stride, int32_t blocks, uint8_t *leaf) {
  if (blocks == 2)
    ei_trees_blocks(2, level, end, tables, columns, wide, codes, stride, leaf);
  else
    ei_trees_blocks(1, level, end, tables, columns, wide, codes, stride, leaf);
}

/* One row through 16 trees of up to 32 leaves, or 8 of up to 64, side by side. 64 tests at a time
 * look up the codes of their columns; a test that says right takes the leaves left of it from its
 * tree's, and the first that remains is where the row ends. */
#define EI_HAVE_TREES_MARKS 1

EI_API void ei_trees_marks(const uint8_t *tests, const uint8_t *leaves, int32_t blocks,
                           int32_t bits, int32_t n_columns, const uint8_t *codes, uint8_t *leaf) {
  uint64_t left[8];
  const __m512i *mask = (const __m512i *)(const void *)leaves;
  __m512i even = _mm512_set1_epi8(-1), odd = even;
  const __m512i low = _mm512_loadu_si512(codes);
  const __m512i high = n_columns > 64 ? _mm512_loadu_si512(codes + 64) : low;
  for (int32_t b = 0; b < blocks; b++, tests += 128) {
    const __m512i code = _mm512_permutex2var_epi8(low, _mm512_loadu_si512(tests), high);
    const __mmask64 right = _mm512_cmpgt_epu8_mask(code, _mm512_loadu_si512(tests + 64));
    if (bits == 32) {
      const uint64_t said = _cvtmask64_u64(right);
      for (int32_t i = 0; i < 64; i += 32, mask += 2) {
        even = _mm512_mask_and_epi32(even, (__mmask16)(said >> i), even, _mm512_loadu_si512(mask));
        odd = _mm512_mask_and_epi32(odd, (__mmask16)(said >> (i + 16)), odd,
                                    _mm512_loadu_si512(mask + 1));
      }
    } else {
      /* Widening bytes from memory is cheaper here than shifting eight bits after eight. */
      int8_t said[64];
      _mm512_storeu_si512(said, _mm512_movm_epi8(right));
      for (int32_t i = 0; i < 64; i += 16, mask += 2) {
        const __m512i first = _mm512_cvtepi8_epi64(_mm_loadl_epi64((const __m128i *)(said + i)));
        const __m512i second =
            _mm512_cvtepi8_epi64(_mm_loadl_epi64((const __m128i *)(said + i + 8)));
        /* and with the leaves, or with ones where the test did not say right */
        even = _mm512_ternarylogic_epi64(even, first, _mm512_loadu_si512(mask), 0xB0);
        odd = _mm512_ternarylogic_epi64(odd, second, _mm512_loadu_si512(mask + 1), 0xB0);
      }
    }
  }
  _mm512_storeu_si512(left, _mm512_and_si512(even, odd));
  for (int32_t k = 0; k < 8; k++) {
    if (bits == 32) {
      leaf[2 * k] = (uint8_t)__builtin_ctz((uint32_t)left[k]);
      leaf[2 * k + 1] = (uint8_t)__builtin_ctz((uint32_t)(left[k] >> 32));
    } else {
      leaf[k] = (uint8_t)__builtin_ctzll(left[k]);
    }
  }
}

/* Leaf values, looked up in registers where a tree has few leaves. */
#define EI_HAVE_TREES_PICK_VALUES 1

EI_API __m512d ei_trees_part_f64(const double *v, int32_t n) {
  const int32_t k = n < 0 ? 0 : n < 8 ? n : 8;
  return _mm512_maskz_loadu_pd((__mmask8)((1u << k) - 1), v);
}

EI_API void ei_trees_pick_values_f64(const double *v, int32_t n, const uint8_t *leaf, int32_t rows,
                                     double *sums) {
  int32_t k = 0;
  if (n <= 64) {
    __m512d part[8];
    for (int32_t i = 0; i < 8; i++) part[i] = ei_trees_part_f64(v + 8 * i, n - 8 * i);
    if (n <= 32) {
      for (; k + 8 <= rows; k += 8) {
        const __m512i at = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)(leaf + k)));
        const __m512d first = _mm512_permutex2var_pd(part[0], at, part[1]);
        const __m512d second = _mm512_permutex2var_pd(part[2], at, part[3]);
        const __mmask8 upper = _mm512_test_epi64_mask(at, _mm512_set1_epi64(16));
        const __m512d value = _mm512_mask_blend_pd(upper, first, second);
        _mm512_storeu_pd(sums + k, _mm512_add_pd(_mm512_loadu_pd(sums + k), value));
      }
    } else {
      for (; k + 8 <= rows; k += 8) {
        const __m512i at = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)(leaf + k)));
        const __mmask8 upper = _mm512_test_epi64_mask(at, _mm512_set1_epi64(16));
        const __mmask8 top = _mm512_test_epi64_mask(at, _mm512_set1_epi64(32));
        const __m512d low =
            _mm512_mask_blend_pd(upper, _mm512_permutex2var_pd(part[0], at, part[1]),
                                 _mm512_permutex2var_pd(part[2], at, part[3]));
        const __m512d high =
            _mm512_mask_blend_pd(upper, _mm512_permutex2var_pd(part[4], at, part[5]),
                                 _mm512_permutex2var_pd(part[6], at, part[7]));
        const __m512d value = _mm512_mask_blend_pd(top, low, high);
        _mm512_storeu_pd(sums + k, _mm512_add_pd(_mm512_loadu_pd(sums + k), value));
      }
    }
  }
  for (; k < rows; k++) sums[k] += v[leaf[k]];
}

/* 32 bits of up to 64 leaves per row. */
EI_API __m512i ei_trees_pick_32(const __m512i *part, __m512i at) {
  return _mm512_mask_blend_epi32(_mm512_test_epi32_mask(at, _mm512_set1_epi32(32)),
                                 _mm512_permutex2var_epi32(part[0], at, part[1]),
                                 _mm512_permutex2var_epi32(part[2], at, part[3]));
}

EI_API void ei_trees_parts_32(const void *v, int32_t n, __m512i *part) {
  for (int32_t i = 0; i < 4; i++) {
    const int32_t k = n - 16 * i < 0 ? 0 : n - 16 * i < 16 ? n - 16 * i : 16;
    part[i] = _mm512_maskz_loadu_epi32((__mmask16)((1u << k) - 1), (const int32_t *)v + 16 * i);
  }
}

EI_API void ei_trees_pick_values_f32(const float *v, int32_t n, const uint8_t *leaf, int32_t rows,
                                     float *sums) {
  int32_t k = 0;
  if (n <= 64) {
    __m512i part[4];
    ei_trees_parts_32(v, n, part);
    for (; k + 16 <= rows; k += 16) {
      const __m512i at = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(leaf + k)));
      const __m512 value = _mm512_castsi512_ps(ei_trees_pick_32(part, at));
      _mm512_storeu_ps(sums + k, _mm512_add_ps(_mm512_loadu_ps(sums + k), value));
    }
  }
  for (; k < rows; k++) sums[k] += v[leaf[k]];
}

EI_API void ei_trees_pick_values_i32(const int32_t *v, int32_t n, const uint8_t *leaf, int32_t rows,
                                     int32_t *sums) {
  int32_t k = 0;
  if (n <= 64) {
    __m512i part[4];
    ei_trees_parts_32(v, n, part);
    for (; k + 16 <= rows; k += 16) {
      const __m512i at = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(leaf + k)));
      const __m512i value = ei_trees_pick_32(part, at);
      _mm512_storeu_si512(sums + k, _mm512_add_epi32(_mm512_loadu_si512(sums + k), value));
    }
  }
  for (; k < rows; k++) sums[k] += v[leaf[k]];
}
