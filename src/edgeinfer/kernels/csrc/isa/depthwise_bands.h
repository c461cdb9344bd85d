/* Depthwise 3 x 3 of int8, a band of output rows at a time: down a column of neighbouring outputs,
 * so that each row of inputs is prepared once for the (up to three) outputs it is in. What is done
 * down a column is the instruction set's. */
#ifndef EI_DEPTHWISE_BANDS_H
#define EI_DEPTHWISE_BANDS_H

#include "../ei_window.h"
#include "rescaling_blocks.h"

/* After how many outputs the channels of a vector of `lanes` come again: few channels that divide
 * 64 are in a block of parameters over and over, and several pixels in a vector. */
static inline int32_t ei_depthwise_period(const ei_conv_params *p, int32_t lanes) {
  return p->out_c < lanes && 64 % p->out_c == 0 ? lanes : p->out_c;
}

/* Makes the parameters of a vector of channels, as a set wants them, from their part of a block. */
typedef void (*ei_depthwise_prepare)(const char *block, void *prepared);

/* `count` outputs one below the other; `x` is the input of the first, `tap` where the second and
 * the third of a row of the kernel are; the first `width` of a vector are there. */
typedef void (*ei_depthwise_column)(const ei_conv_params *p, const void *prepared, const char *x,
                                    const ptrdiff_t *tap, int32_t count, char *out, int32_t width);

static inline void ei_depthwise_bands(const ei_conv_params *p, const ei_io *io, char flip,
                                      int32_t lanes, ei_depthwise_prepare prepare,
                                      ei_depthwise_column column, void *prepared) {
  const char *image = (const char *)io->in[0];
  char *out = (char *)io->out[0], *band = (char *)io->scratch;
  const ptrdiff_t block_bytes = EI_DEPTHWISE_HEAD + 3 * 256;
  const int32_t images = io->rows * p->images, out_row = p->out_w * p->out_c;
  const int32_t period = ei_depthwise_period(p, lanes);
  ptrdiff_t tap[2];
  for (int32_t j = 1; j < 3; j++)
    tap[j - 1] = (ptrdiff_t)(j % p->stride_w) * p->phase_bytes + j / p->stride_w * p->out_c;
  memset(band, ei_window_pad(p, flip),
         (size_t)((p->band - 1) * p->stride_h + 3) * (size_t)p->row_bytes);
  for (int32_t i = 0; i < images; i++, image += (ptrdiff_t)p->in_h * p->in_w * p->in_c)
    for (int32_t first = 0; first < p->out_h; first += p->band) {
      const int32_t count = p->out_h - first < p->band ? p->out_h - first : p->band;
      const int32_t top = first * p->stride_h - p->pad_top;
      for (int32_t r = 0; r < (count - 1) * p->stride_h + 3; r++)
        ei_window_load(p, image, top + r, 1, flip, band + (ptrdiff_t)r * p->row_bytes);
      for (int32_t c = 0; c < period; c += lanes) {
        prepare((const char *)p->extra + c / 64 * block_bytes + c % 64, prepared);
        for (int32_t at = c; at < out_row; at += period) {
          const int32_t left = out_row - at, most = period - c;
          column(p, prepared, band + at, tap, count, out + at, left < most ? left : most);
        }
      }
      out += (ptrdiff_t)count * out_row;
    }
}

#endif
