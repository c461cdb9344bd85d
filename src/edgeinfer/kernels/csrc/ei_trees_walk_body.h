/* From a root to a leaf on codes of type EI_CODE; included once per type. */

/* The leaves that EI_TREES_WALKS rows reach in a tree, their codes in lanes. The walks are
 * interleaved: while one waits for its node, the others go on. */
EI_API void EI_JOIN_(ei_trees_walk, EI_CODE)(const uint32_t *nodes, int32_t root, int32_t depth,
                                             const EI_TREE_TYPE(EI_CODE) * codes, uint32_t *at) {
  uint32_t own[EI_TREES_WALKS];
  for (int32_t k = 0; k < EI_TREES_WALKS; k++) own[k] = (uint32_t)root;
  for (int32_t d = 0; d < depth; d += 4) {
    uint32_t moved = 0;
    for (int32_t i = 0; i < 4; i++)
      for (int32_t k = 0; k < EI_TREES_WALKS; k++) {
        const uint32_t *node = nodes + (size_t)own[k] * 2;
        const size_t column = node[0] & 0xffff;
        const uint32_t next =
            node[1] + (codes[column * EI_TREES_LANES + (size_t)k] > node[0] >> 16);
        if (i == 3) moved |= next ^ own[k];
        own[k] = next;
      }
    if (moved == 0) break;
  }
  for (int32_t k = 0; k < EI_TREES_WALKS; k++) at[k] = own[k];
}

/* The same for one row in EI_TREES_WALKS trees, its codes column behind column. */
EI_API void EI_JOIN_(ei_trees_descend, EI_CODE)(const uint32_t *nodes, const int32_t *roots,
                                                int32_t depth, const EI_TREE_TYPE(EI_CODE) * codes,
                                                uint32_t *at) {
  uint32_t own[EI_TREES_WALKS];
  for (int32_t k = 0; k < EI_TREES_WALKS; k++) own[k] = (uint32_t)roots[k];
  for (int32_t d = 0; d < depth; d += 4) {
    uint32_t moved = 0;
    for (int32_t i = 0; i < 4; i++)
      for (int32_t k = 0; k < EI_TREES_WALKS; k++) {
        const uint32_t *node = nodes + (size_t)own[k] * 2;
        const uint32_t next = node[1] + (codes[node[0] & 0xffff] > node[0] >> 16);
        if (i == 3) moved |= next ^ own[k];
        own[k] = next;
      }
    if (moved == 0) break;
  }
  for (int32_t k = 0; k < EI_TREES_WALKS; k++) at[k] = own[k];
}

/* The same for one row in one tree. */
EI_API uint32_t EI_JOIN_(ei_trees_descend_one, EI_CODE)(const uint32_t *nodes, int32_t root,
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
