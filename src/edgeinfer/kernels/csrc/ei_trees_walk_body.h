/* From a root to a leaf on codes of type EI_CODE; included once per type. */

/* One step down from the node `at`: a leaf leads to itself. */
EI_API uint32_t EI_JOIN_(ei_trees_step, EI_CODE)(const uint32_t *nodes,
                                                 const EI_TREE_TYPE(EI_CODE) * codes, size_t stride,
                                                 uint32_t at) {
  const uint32_t *node = nodes + (size_t)at * 2;
  return node[1] + (codes[(size_t)(node[0] & 0xffff) * stride] > node[0] >> 16);
}

/* The leaves that EI_TREES_WALKS rows reach in a tree, their codes in lanes. The walks are
 * interleaved: while one waits for its node, the others go on. */
EI_API void EI_JOIN_(ei_trees_walk, EI_CODE)(const uint32_t *nodes, int32_t root, int32_t depth,
                                             const EI_TREE_TYPE(EI_CODE) * codes, uint32_t *at) {
  uint32_t own[EI_TREES_WALKS];
  for (int32_t k = 0; k < EI_TREES_WALKS; k++) own[k] = (uint32_t)root;
  for (int32_t d = 0; d < depth; d += 4) {
    for (int32_t i = 0; i < 3; i++)
      for (int32_t k = 0; k < EI_TREES_WALKS; k++)
        own[k] = EI_JOIN_(ei_trees_step, EI_CODE)(nodes, codes + k, EI_TREES_LANES, own[k]);
    uint32_t moved = 0;
    for (int32_t k = 0; k < EI_TREES_WALKS; k++) {
      const uint32_t last = own[k];
      own[k] = EI_JOIN_(ei_trees_step, EI_CODE)(nodes, codes + k, EI_TREES_LANES, last);
      moved |= own[k] ^ last;
    }
    if (moved == 0) break;
  }
  for (int32_t k = 0; k < EI_TREES_WALKS; k++) at[k] = own[k];
}

/* The same for one row in EI_TREES_SIDE_BY_SIDE trees, its codes column behind column. */
EI_API void EI_JOIN_(ei_trees_descend, EI_CODE)(const uint32_t *nodes, const int32_t *roots,
                                                int32_t depth, const EI_TREE_TYPE(EI_CODE) * codes,
                                                uint32_t *at) {
  uint32_t own[EI_TREES_SIDE_BY_SIDE];
  for (int32_t k = 0; k < EI_TREES_SIDE_BY_SIDE; k++) own[k] = (uint32_t)roots[k];
  for (int32_t d = 0; d < depth; d += 4) {
    for (int32_t i = 0; i < 3; i++)
      for (int32_t k = 0; k < EI_TREES_SIDE_BY_SIDE; k++)
        own[k] = EI_JOIN_(ei_trees_step, EI_CODE)(nodes, codes, 1, own[k]);
    uint32_t moved = 0;
    for (int32_t k = 0; k < EI_TREES_SIDE_BY_SIDE; k++) {
      const uint32_t last = own[k];
      own[k] = EI_JOIN_(ei_trees_step, EI_CODE)(nodes, codes, 1, last);
      moved |= own[k] ^ last;
    }
    if (moved == 0) break;
  }
  for (int32_t k = 0; k < EI_TREES_SIDE_BY_SIDE; k++) at[k] = own[k];
}

/* The same for one row in one tree. */
EI_API uint32_t EI_JOIN_(ei_trees_descend_one, EI_CODE)(const uint32_t *nodes, int32_t root,
                                                        int32_t depth,
                                                        const EI_TREE_TYPE(EI_CODE) * codes) {
  uint32_t at = (uint32_t)root;
  for (int32_t d = 0; d < depth; d++) {
    const uint32_t next = EI_JOIN_(ei_trees_step, EI_CODE)(nodes, codes, 1, at);
    if (next == at) break;
    at = next;
  }
  return at;
}
