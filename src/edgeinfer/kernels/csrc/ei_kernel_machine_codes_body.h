/* Support vector machines on codes of one width; included once per width. Vectors lie in panels of
 * EI_PANEL_f32. */

EI_API void EI_NAME(ei_svm_codes)(int32_t distances, const EI_CODE *x, int32_t n,
                                  const EI_CODE *panel, float *values) {
  EI_SUM total[EI_PANEL_f32] = {0};
  for (int32_t i = 0; i < n; i++, panel += EI_PANEL_f32) {
    const int32_t value = x[i];
    if (distances) {
      for (int32_t j = 0; j < EI_PANEL_f32; j++) {
        const EI_SUM d = value - panel[j];
        total[j] += d * d;
      }
    } else {
      for (int32_t j = 0; j < EI_PANEL_f32; j++) total[j] += (EI_SUM)value * panel[j];
    }
  }
  for (int32_t j = 0; j < EI_PANEL_f32; j++) values[j] = (float)total[j];
}

EI_API ei_status EI_NAME(ei_kernel_machine)(const void *params, const ei_io *io) {
  const ei_svm_params *p = (const ei_svm_params *)params;
  const int32_t decisions = ei_svm_decisions(p);
  const int32_t padded = (p->n_vectors + EI_PANEL_f32 - 1) / EI_PANEL_f32 * EI_PANEL_f32;
  float *values = (float *)io->scratch;
  const EI_CODE *x = (const EI_CODE *)io->in[0];
  float *y = (float *)io->out[0];
  for (int32_t left = io->rows; left > 0; left -= EI_TILE_ROWS) {
    const int32_t rows = left < EI_TILE_ROWS ? left : EI_TILE_ROWS;
    for (int32_t r = 0; r < rows; r++, x += p->n_in) {
      const EI_CODE *panel = (const EI_CODE *)p->vectors;
      for (int32_t v = 0; v < padded; v += EI_PANEL_f32, panel += p->n_in * EI_PANEL_f32)
        EI_NAME(ei_svm_codes)
      (p->kernel == EI_SVM_RBF, x, p->n_in, panel, values + r * padded + v);
    }
    ei_svm_tile_f32(p, values, padded, rows, y);
    y += EI_TILE_ROWS * decisions;
  }
  return EI_OK;
}

#undef EI_CODE
#undef EI_SUM
#undef EI_NAME
