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

EI_API void ei_trees_levels(const int32_t *level, const int32_t *end, const uint8_t *tables,
                            const int32_t *columns, int32_t wide, const uint8_t *codes,
                            uint8_t *leaf) {
  const __m512i two = _mm512_set1_epi8(2);
  __m512i at = _mm512_setzero_si512(), found = at;
  for (; level < end; level += 4) {
    const int32_t n = level[1], n_columns = level[3];
    const uint8_t *table = tables + level[0];
    const int32_t *column = columns + level[2];
    __m512i code;
    if (n_columns == 1) {
      code = _mm512_loadu_si512(codes + column[0]);
    } else {
      /* Every row takes the code of its own node's column; even and odd columns by turns, so that
       * one need not wait for the other. */
      const __m512i mine = ei_trees_pick(table + n, n, at);
      __m512i even_number = _mm512_setzero_si512(), odd_number = _mm512_set1_epi8(1);
      __m512i even = _mm512_setzero_si512(), odd = even;
      int32_t c = 0;
      for (; c + 1 < n_columns; c += 2) {
        even = _mm512_mask_loadu_epi8(even, _mm512_cmpeq_epi8_mask(mine, even_number),
                                      codes + column[c]);
        odd = _mm512_mask_loadu_epi8(odd, _mm512_cmpeq_epi8_mask(mine, odd_number),
                                     codes + column[c + 1]);
        even_number = _mm512_add_epi8(even_number, two);
        odd_number = _mm512_add_epi8(odd_number, two);
      }
      if (c < n_columns)
        even = _mm512_mask_loadu_epi8(even, _mm512_cmpeq_epi8_mask(mine, even_number),
                                      codes + column[c]);
      code = _mm512_or_si512(even, odd);
    }
    const __mmask64 right = _mm512_cmpgt_epu8_mask(code, ei_trees_pick(table, n, at));
    const __mmask64 walking = _knot_mask64(_mm512_movepi8_mask(at));
    const __m512i next = ei_trees_child(table + 2 * n, n, at, right);
    if (wide) {
      const __mmask64 arrived = _kand_mask64(walking, _mm512_movepi8_mask(next));
      found = _mm512_mask_mov_epi8(found, arrived, ei_trees_child(table + 4 * n, n, at, right));
    }
    at = _mm512_mask_mov_epi8(at, walking, next);
  }
  if (!wide) found = _mm512_and_si512(at, _mm512_set1_epi8(127));
  _mm512_storeu_si512(leaf, found);
}
