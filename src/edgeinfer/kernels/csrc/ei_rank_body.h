/* Ranks of float features as codes of one type; included once per type. */
#define EI_RANK2(suffix) ei_rank_f32_##suffix
#define EI_RANK1(suffix) EI_RANK2(suffix)

EI_API ei_status EI_RANK1(EI_SUFFIX)(const void *params, const ei_io *io) {
  const ei_rank_params *p = (const ei_rank_params *)params;
  const float *x = (const float *)io->in[0];
  EI_CODE_T *y = (EI_CODE_T *)io->out[0];
  for (int32_t r = 0; r < io->rows; r++, x += p->n_features)
    for (int32_t g = 0; g < p->n_groups; g++) {
      const uint16_t *group = p->groups + 4 * g;
      const int32_t *keys = p->keys + group[1];
      uint32_t below = 0, left = group[2];
      const int32_t bits = (int32_t)ei_bits(x + group[0]);
      const int missing = ei_bits_are_nan(bits);
      const int32_t key = ei_float_key(bits);
      while (left > 0 && !missing) {
        const uint32_t half = left >> 1;
        if (keys[below + half] < key) {
          below += half + 1;
          left -= half + 1;
        } else {
          left = half;
        }
      }
      if (group[3] & EI_RANK_LEFT) *y++ = (EI_CODE_T)below;
      if (group[3] & EI_RANK_RIGHT) *y++ = missing ? (EI_CODE_T)-1 : (EI_CODE_T)below;
    }
  return EI_OK;
}

#undef EI_RANK1
#undef EI_RANK2
#undef EI_CODE_T
#undef EI_SUFFIX
