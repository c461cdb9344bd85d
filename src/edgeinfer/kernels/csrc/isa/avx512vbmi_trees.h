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
