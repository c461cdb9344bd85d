/* values[j] = sum over the features of EI_OF(x - point j, feature), in order. Included per sum. */

EI_API void EI_F(EI_NAME)(const ei_neighbors_params *p, const double *x, const EI_T *panel,
                          double *values) {
  double total[EI_POINTS] = {0};
  for (int32_t i = 0; i < p->n_in; i++, panel += EI_POINTS)
    for (int32_t j = 0; j < EI_POINTS; j++) total[j] += EI_OF(x[i] - (double)panel[j], i);
  for (int32_t j = 0; j < EI_POINTS; j++) values[j] = total[j];
}

#undef EI_NAME
#undef EI_OF
