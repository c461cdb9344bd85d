/* Quantization of one floating type to one integer type; included once per pair. */
#include "ei_float_begin.h"
#if EI_INT_BITS == 8
#define EI_Q        int8_t
#define EI_Q_MIN    INT8_MIN
#define EI_Q_MAX    INT8_MAX
#define EI_Q_(name) EI_CAT(name, _i8)
#else
#define EI_Q        int16_t
#define EI_Q_MIN    INT16_MIN
#define EI_Q_MAX    INT16_MAX
#define EI_Q_(name) EI_CAT(name, _i16)
#endif

/* A NaN becomes the smallest integer. Codes go through an array of their own: an int8_t pointer
 * might point at anything, which would keep compilers from using vectors. */
EI_API ei_status EI_Q_(EI_F(ei_quantize))(const void *params, const ei_io *io) {
  const ei_quantize_params *p = (const ei_quantize_params *)params;
  const EI_T *x = (const EI_T *)io->in[0];
  EI_Q *y = (EI_Q *)io->out[0];
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->repeat;
  for (ptrdiff_t r = 0; r < runs; r++)
    for (int32_t first = 0; first < p->n; first += EI_QUANTIZE_CHUNK) {
      const int32_t n = p->n - first < EI_QUANTIZE_CHUNK ? p->n - first : EI_QUANTIZE_CHUNK;
      const EI_T *offset = (const EI_T *)p->offset + first;
      const EI_T *step = (const EI_T *)p->step + first;
      const int32_t *zero = p->zero + first;
      int32_t codes[EI_QUANTIZE_CHUNK];
      for (int32_t i = 0; i < n; i++) {
        const EI_T low = (EI_T)(EI_Q_MIN - zero[i]), high = (EI_T)(EI_Q_MAX - zero[i]);
        EI_T value = (x[i] - offset[i]) / step[i];
        value = value > low ? value : low;
        value = value < high ? value : high;
        value += value < 0 ? -EI_F(EI_HALF) : EI_F(EI_HALF);
        codes[i] = (int32_t)value + zero[i];
      }
      for (int32_t i = 0; i < n; i++) y[i] = (EI_Q)codes[i];
      x += n;
      y += n;
    }
  return EI_OK;
}

#undef EI_Q
#undef EI_Q_MIN
#undef EI_Q_MAX
#undef EI_Q_
#include "ei_float_end.h"
