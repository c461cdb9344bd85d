/* Compact quantization of float32 to one integer type; included once per type. */
#if EI_INT_BITS == 8
#define EI_Q           int8_t
#define EI_Q_MIN       INT8_MIN
#define EI_Q_SATURATED ei_saturate_8
#define EI_QUANTIZE    ei_quantize_small_f32_i8
#else
#define EI_Q           int16_t
#define EI_Q_MIN       INT16_MIN
#define EI_Q_SATURATED ei_saturate_16
#define EI_QUANTIZE    ei_quantize_small_f32_i16
#endif

EI_API ei_status EI_QUANTIZE(const void *params, const ei_io *io) {
  const ei_quantize_small_params *p = (const ei_quantize_small_params *)params;
  const float *x = (const float *)io->in[0];
  EI_Q *y = (EI_Q *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  ei_finite_sum beyond = 0;
  for (ptrdiff_t r = 0; r < runs; r++, x += p->n, y += p->n)
    for (int32_t i = 0; i < p->n; i++) {
      const int32_t k = p->kinds == NULL ? i * p->stride : p->kinds[i];
      const float moved = p->offset == NULL ? x[i] : x[i] - p->offset[k];
      const int32_t code = ei_quotient(moved, p->step[k], p->reciprocal[k]) + p->zero[k];
      beyond = ei_not_finite(beyond, moved);
      y[i] = (EI_Q)EI_Q_SATURATED(code);
    }
  if (!ei_is_not_finite(beyond)) return EI_OK;
  const ptrdiff_t total = runs * p->n;
  x = (const float *)io->in[0];
  if (p->guard) return ei_which_beyond_f32(x, total, 0);
  y = (EI_Q *)io->out[0];
  for (ptrdiff_t i = 0; i < total; i++)
    if (x[i] != x[i]) y[i] = EI_Q_MIN;
  return EI_OK;
}

#undef EI_Q
#undef EI_Q_MIN
#undef EI_Q_SATURATED
#undef EI_QUANTIZE
