/* Softmax of int8 to one integer type; included once per type. */

EI_API ei_status EI_SOFTMAX(const void *params, const ei_io *io) {
  const ei_softmax_i8_params *p = (const ei_softmax_i8_params *)params;
  const int8_t *x = (const int8_t *)io->in[0];
  EI_SOFTMAX_OUT *y = (EI_SOFTMAX_OUT *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n, y += p->n) {
    int32_t peak;
    const int32_t sum = ei_softmax_sum(p->exps, x, p->n, &peak);
    const int32_t zeros = ei_leading_zeros((uint32_t)sum);
    const int32_t fraction = (int32_t)(((uint32_t)sum << zeros) - ((uint32_t)1 << 31));
    const int32_t scale = ei_newton_reciprocal(fraction);
    const int32_t exponent = 12 - zeros + 31 - 8 * (int32_t)sizeof(EI_SOFTMAX_OUT);
    for (int32_t i = 0; i < p->n; i++) {
      const int32_t value = ei_divide_by_pot(ei_high_mul(scale, p->exps[peak - x[i]]), exponent);
      const int32_t moved = value + EI_SOFTMAX_LOW;
      y[i] = (EI_SOFTMAX_OUT)ei_clamp_i32(moved, EI_SOFTMAX_LOW, EI_SOFTMAX_TOP);
    }
  }
  return EI_OK;
}

#undef EI_SOFTMAX_OUT
#undef EI_SOFTMAX
#undef EI_SOFTMAX_LOW
#undef EI_SOFTMAX_TOP
