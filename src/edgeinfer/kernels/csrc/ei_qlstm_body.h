/* Long short-term memory of one integer type; included once per type. */

EI_API ei_status EI_LSTM(const void *params, const ei_io *io) {
  const ei_qlstm_params *p = (const ei_qlstm_params *)params;
  const EI_LSTM_T *x = (const EI_LSTM_T *)io->in[0];
  EI_LSTM_T *y = (EI_LSTM_T *)io->out[0];
  const EI_LSTM_SUM *bias = (const EI_LSTM_SUM *)p->bias;
  const int32_t units = p->units, width = 4 * units;
  EI_LSTM_SUM *of_inputs = (EI_LSTM_SUM *)io->scratch, *of_state = of_inputs + width;
  int16_t *gates = (int16_t *)(void *)(of_state + width), *cell = gates + width;
  const ptrdiff_t runs = (ptrdiff_t)io->rows * p->sequences;
  for (ptrdiff_t r = 0; r < runs; r++) {
    const EI_LSTM_T *state = NULL;
    for (int32_t u = 0; u < units; u++) cell[u] = 0;
    for (int32_t t = 0; t < p->steps; t++, x += p->inputs, y += units) {
      for (int32_t j = 0; j < width; j++) of_inputs[j] = bias[j];
      for (int32_t j = 0; j < width; j++) of_state[j] = 0;
      for (int32_t i = 0; i < p->inputs; i++) {
        const int8_t *w = p->input_weights + (ptrdiff_t)i * width;
        const int32_t value = x[i] - p->x_zero;
        for (int32_t j = 0; j < width; j++) of_inputs[j] += value * w[j];
      }
      for (int32_t i = 0; state != NULL && i < units; i++) {
        const int8_t *w = p->recurrent_weights + (ptrdiff_t)i * width;
        const int32_t value = state[i] - p->h_zero;
        for (int32_t j = 0; j < width; j++) of_state[j] += value * w[j];
      }
      for (int32_t g = 0; g < 4; g++) {
        const int32_t *scale = p->rescales + 4 * g;
        for (int32_t j = g * units; j < (g + 1) * units; j++) {
          const int32_t a = ei_clamp_i16(EI_LSTM_RESCALE(of_inputs[j], scale[0], scale[1]));
          const int32_t b = ei_clamp_i16(EI_LSTM_RESCALE(of_state[j], scale[2], scale[3]));
          const int32_t sum = 3 * ei_clamp_i16(a + b);
          gates[j] = (int16_t)(g == 2 ? ei_tanh_16(p->table, sum) : ei_logistic_16(p->table, sum));
        }
      }
      for (int32_t u = 0; u < units; u++) {
        const int32_t kept = ei_clamp_i16(ei_rescale_i32((int32_t)gates[units + u] * cell[u],
                                                         p->forget_multiplier, p->forget_shift));
        const int32_t added = ei_clamp_i16(ei_rescale_i32((int32_t)gates[u] * gates[2 * units + u],
                                                          p->update_multiplier, p->update_shift));
        int32_t c = ei_clamp_i16(kept + added);
        if (p->clip > 0) c = ei_clamp_i32(c, -p->clip, p->clip);
        cell[u] = (int16_t)c;
        const int32_t bent =
            ei_tanh_16(p->table, ei_sigmoid_scaled(c, p->tanh_multiplier, p->tanh_shift));
        const int32_t value = ei_rescale_i32((int32_t)gates[3 * units + u] * bent,
                                             p->output_multiplier, p->output_shift);
        y[u] = (EI_LSTM_T)(ei_clamp_i32(value, EI_LSTM_LOW - p->h_zero, EI_LSTM_HIGH - p->h_zero) +
                           p->h_zero);
      }
      state = y;
    }
  }
  return EI_OK;
}

#undef EI_LSTM
#undef EI_LSTM_T
#undef EI_LSTM_SUM
#undef EI_LSTM_RESCALE
#undef EI_LSTM_LOW
#undef EI_LSTM_HIGH
