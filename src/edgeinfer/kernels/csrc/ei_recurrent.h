/* Long short-term memory over a sequence, from an empty state: the four gates in the order input,
 * forget, cell, output; integers as TensorFlow Lite Micro's reference kernels have them. */
#ifndef EI_RECURRENT_H
#define EI_RECURRENT_H

#include "ei_lookup.h"
#include "ei_math.h"

typedef struct {
  const float *input_weights;     /* inputs x (4 gates x units) */
  const float *recurrent_weights; /* units x (4 gates x units) */
  const float *bias;              /* 4 gates x units */
  float clip;                     /* of the cell; 0 for none */
  int32_t sequences;
  int32_t steps;
  int32_t inputs;
  int32_t units;
} ei_lstm_params;

typedef struct {
  const int8_t *input_weights;
  const int8_t *recurrent_weights;
  const void *bias;        /* int32 for int8, int64 for int16 */
  const int32_t *rescales; /* per gate: multiplier and shift of the inputs, of the state */
  const uint16_t *table;   /* as of ei_sigmoid_i16_params */
  int32_t x_zero;
  int32_t h_zero;
  int32_t forget_multiplier; /* forget gate times cell */
  int32_t forget_shift;
  int32_t update_multiplier; /* input gate times cell gate */
  int32_t update_shift;
  int32_t output_multiplier; /* output gate times tanh of the cell */
  int32_t output_shift;
  int32_t tanh_multiplier;
  int32_t tanh_shift;
  int32_t clip; /* of the cell; 0 for none */
  int32_t sequences;
  int32_t steps;
  int32_t inputs;
  int32_t units;
} ei_qlstm_params;

EI_API ei_status ei_lstm_f32(const void *params, const ei_io *io) {
  const ei_lstm_params *p = (const ei_lstm_params *)params;
  const float *x = (const float *)io->in[0];
  float *y = (float *)io->out[0];
  float *sum = (float *)io->scratch, *cell = sum + (ptrdiff_t)4 * p->units;
  const int32_t units = p->units, width = 4 * units;
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->sequences;
  for (ptrdiff_t r = 0; r < runs; r++) {
    const float *state = NULL;
    for (int32_t u = 0; u < units; u++) cell[u] = 0;
    for (int32_t t = 0; t < p->steps; t++, x += p->inputs, y += units) {
      for (int32_t j = 0; j < width; j++) sum[j] = p->bias[j];
      for (int32_t i = 0; i < p->inputs; i++) {
        const float *w = p->input_weights + (ptrdiff_t)i * width;
        for (int32_t j = 0; j < width; j++) sum[j] += x[i] * w[j];
      }
      for (int32_t i = 0; state != NULL && i < units; i++) {
        const float *w = p->recurrent_weights + (ptrdiff_t)i * width;
        for (int32_t j = 0; j < width; j++) sum[j] += state[i] * w[j];
      }
      for (int32_t u = 0; u < units; u++) {
        const float input = ei_sigmoid_f32(sum[u]), forget = ei_sigmoid_f32(sum[units + u]);
        float c = forget * cell[u] + input * ei_tangent_f32(sum[2 * units + u]);
        if (p->clip > 0) c = c > p->clip ? p->clip : (c < -p->clip ? -p->clip : c);
        cell[u] = c;
        y[u] = ei_sigmoid_f32(sum[3 * units + u]) * ei_tangent_f32(c);
      }
      state = y;
    }
  }
  return EI_OK;
}

EI_API int32_t ei_clamp_i16(int32_t x) { return ei_clamp_i32(x, INT16_MIN, INT16_MAX); }

#define EI_LSTM         ei_qlstm_i8
#define EI_LSTM_T       int8_t
#define EI_LSTM_SUM     int32_t
#define EI_LSTM_RESCALE ei_rescale_i32
#define EI_LSTM_LOW     INT8_MIN
#define EI_LSTM_HIGH    INT8_MAX
#include "ei_qlstm_body.h"
#define EI_LSTM         ei_qlstm_i16
#define EI_LSTM_T       int16_t
#define EI_LSTM_SUM     int64_t
#define EI_LSTM_RESCALE ei_rescale_i64
#define EI_LSTM_LOW     INT16_MIN
#define EI_LSTM_HIGH    INT16_MAX
#include "ei_qlstm_body.h"

#endif
