/* From a root to a leaf on codes of type EI_CODE; included once per type. */

/* The leaves that `lanes` rows reach in a tree, into `at`; `stride` is from row to row. */
EI_API void EI_JOIN_(ei_trees_walk, EI_CODE)(const uint32_t *nodes, int32_t root, int32_t depth,
                                             const EI_TREE_TYPE(EI_CODE) * codes, int32_t stride,
                                             uint32_t *at) {
  for (int32_t k = 0; k < EI_TREES_LANES; k++) at[k] = (uint32_t)root;
  for (int32_t d = 0; d < depth; d++)
    for (int32_t k = 0; k < EI_TREES_LANES; k++) {
      const uint32_t *node = nodes + (size_t)at[k] * 2;
      const uint32_t code = codes[(ptrdiff_t)k * stride + (ptrdiff_t)(node[0] & 0xffff)];
      at[k] = node[1] + (code > node[0] >> 16);
    }
}

/* The same for one row. */
EI_API uint32_t EI_JOIN_(ei_trees_walk_one, EI_CODE)(const uint32_t *nodes, int32_t root,
                                                     int32_t depth,
                                                     const EI_TREE_TYPE(EI_CODE) * codes) {
  uint32_t at = (uint32_t)root;
  for (int32_t d = 0; d < depth; d++) {
    const uint32_t *node = nodes + (size_t)at * 2;
    const uint32_t next = node[1] + (codes[node[0] & 0xffff] > node[0] >> 16);
    if (next == at) break;
    at = next;
  }
  return at;
}
