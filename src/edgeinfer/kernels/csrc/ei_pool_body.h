/* Pooling of one type; included once per type. */

EI_API ei_status EI_P_(ei_average_pool)(const void *params, const ei_io *io) {
  const ei_conv_params *p = (const ei_conv_params *)params;
  const EI_P *x = (const EI_P *)io->in[0];
  EI_P *y = (EI_P *)io->out[0];
  EI_SUM *sum = (EI_SUM *)io->scratch;
  const int32_t c = p->in_c;
  const size_t image = (size_t)p->in_h * (size_t)p->in_w * (size_t)c;
  for (int32_t i = 0; i < io->rows * p->images; i++, x += image)
    for (int32_t oy = 0; oy < p->out_h; oy++)
      for (int32_t ox = 0; ox < p->out_w; ox++, y += c) {
        const ei_pool_area area = ei_pool_inside(p, oy, ox);
        for (int32_t k = 0; k < c; k++) sum[k] = 0;
        for (int32_t iy = area.y0; iy < area.y1; iy++)
          for (int32_t ix = area.x0; ix < area.x1; ix++) {
            const EI_P *pixel = x + ((size_t)iy * (size_t)p->in_w + (size_t)ix) * (size_t)c;
            for (int32_t k = 0; k < c; k++) sum[k] += pixel[k];
          }
        const int32_t n = (area.y1 - area.y0) * (area.x1 - area.x0);
        for (int32_t k = 0; k < c; k++) {
          const EI_SUM mean = EI_MEAN(sum[k], n);
          const EI_SUM v = mean < EI_LOW ? EI_LOW : mean;
          y[k] = (EI_P)(v > EI_HIGH ? EI_HIGH : v);
        }
      }
  return EI_OK;
}

EI_API ei_status EI_P_(ei_max_pool)(const void *params, const ei_io *io) {
  const ei_conv_params *p = (const ei_conv_params *)params;
  const EI_P *x = (const EI_P *)io->in[0];
  EI_P *y = (EI_P *)io->out[0];
  const int32_t c = p->in_c;
  const size_t image = (size_t)p->in_h * (size_t)p->in_w * (size_t)c;
  for (int32_t i = 0; i < io->rows * p->images; i++, x += image)
    for (int32_t oy = 0; oy < p->out_h; oy++)
      for (int32_t ox = 0; ox < p->out_w; ox++, y += c) {
        const ei_pool_area area = ei_pool_inside(p, oy, ox);
        for (int32_t k = 0; k < c; k++) y[k] = EI_START;
        for (int32_t iy = area.y0; iy < area.y1; iy++)
          for (int32_t ix = area.x0; ix < area.x1; ix++) {
            const EI_P *pixel = x + ((size_t)iy * (size_t)p->in_w + (size_t)ix) * (size_t)c;
            for (int32_t k = 0; k < c; k++) y[k] = pixel[k] > y[k] ? pixel[k] : y[k];
          }
        for (int32_t k = 0; k < c; k++) {
          const EI_P v = y[k] < (EI_P)EI_LOW ? (EI_P)EI_LOW : y[k];
          y[k] = v > (EI_P)EI_HIGH ? (EI_P)EI_HIGH : v;
        }
      }
  return EI_OK;
}

#undef EI_P
#undef EI_P_
#undef EI_SUM
#undef EI_LOW
#undef EI_HIGH
#undef EI_START
#undef EI_MEAN
