/* Reductions over the last axis of a row, and the copies that change no value. */
#ifndef EI_REDUCE_H
#define EI_REDUCE_H

#include <string.h>

#include "ei_math.h"
#include "ei_types.h"

typedef struct {
  int32_t n;
  int32_t repeat; /* a row is `repeat` runs of n values */
} ei_reduce_params;

typedef struct {
  double below; /* a norm nearer to zero than this counts as one, as zero does */
  int32_t n;
  int32_t repeat;
} ei_normalize_params;

typedef struct {
  const int64_t *table;
  int32_t n;
  int32_t table_size;
} ei_lookup_params;

typedef struct {
  const int32_t *indices;
  int32_t n_in;
  int32_t n_out;
} ei_select_params;

typedef struct {
  const int32_t *row_bytes; /* n_inputs entries */
  int32_t n_inputs;
  int32_t out_bytes;
  int32_t repeat; /* a row is that many runs of out_bytes */
} ei_concat_params;

#define EI_FLOAT_BITS 64
#include "ei_reduce_body.h"
#define EI_FLOAT_BITS 32
#include "ei_reduce_body.h"

EI_API ei_status ei_lookup_i64(const void *params, const ei_io *io) {
  const ei_lookup_params *p = (const ei_lookup_params *)params;
  const int64_t *x = (const int64_t *)io->in[0];
  int64_t *y = (int64_t *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) {
    if (x[i] < 0 || x[i] >= p->table_size) return EI_RANGE;
    y[i] = p->table[x[i]];
  }
  return EI_OK;
}

EI_API ei_status ei_lookup_i32(const void *params, const ei_io *io) {
  const ei_lookup_params *p = (const ei_lookup_params *)params;
  const int32_t *x = (const int32_t *)io->in[0];
  int64_t *y = (int64_t *)io->out[0];
  const ptrdiff_t total = (ptrdiff_t)io->rows * p->n;
  for (ptrdiff_t i = 0; i < total; i++) {
    if (x[i] < 0 || x[i] >= p->table_size) return EI_RANGE;
    y[i] = p->table[x[i]];
  }
  return EI_OK;
}

EI_API ei_status ei_select_8(const void *params, const ei_io *io) {
  const ei_select_params *p = (const ei_select_params *)params;
  const uint64_t *x = (const uint64_t *)io->in[0];
  uint64_t *y = (uint64_t *)io->out[0];
  for (int32_t r = 0; r < io->rows; r++, x += p->n_in, y += p->n_out)
    for (int32_t j = 0; j < p->n_out; j++) y[j] = x[p->indices[j]];
  return EI_OK;
}

EI_API ei_status ei_select_4(const void *params, const ei_io *io) {
  const ei_select_params *p = (const ei_select_params *)params;
  const uint32_t *x = (const uint32_t *)io->in[0];
  uint32_t *y = (uint32_t *)io->out[0];
  for (int32_t r = 0; r < io->rows; r++, x += p->n_in, y += p->n_out)
    for (int32_t j = 0; j < p->n_out; j++) y[j] = x[p->indices[j]];
  return EI_OK;
}

EI_API ei_status ei_select_2(const void *params, const ei_io *io) {
  const ei_select_params *p = (const ei_select_params *)params;
  const uint16_t *x = (const uint16_t *)io->in[0];
  uint16_t *y = (uint16_t *)io->out[0];
  for (int32_t r = 0; r < io->rows; r++, x += p->n_in, y += p->n_out)
    for (int32_t j = 0; j < p->n_out; j++) y[j] = x[p->indices[j]];
  return EI_OK;
}

EI_API ei_status ei_select_1(const void *params, const ei_io *io) {
  const ei_select_params *p = (const ei_select_params *)params;
  const uint8_t *x = (const uint8_t *)io->in[0];
  uint8_t *y = (uint8_t *)io->out[0];
  for (int32_t r = 0; r < io->rows; r++, x += p->n_in, y += p->n_out)
    for (int32_t j = 0; j < p->n_out; j++) y[j] = x[p->indices[j]];
  return EI_OK;
}

EI_API ei_status ei_concat(const void *params, const ei_io *io) {
  const ei_concat_params *p = (const ei_concat_params *)params;
  char *out = (char *)io->out[0];
  for (int32_t k = 0; k < p->n_inputs; k++) {
    const size_t bytes = (size_t)p->row_bytes[k];
    const char *x = (const char *)io->in[k];
    for (int32_t r = 0; r < io->rows * p->repeat; r++)
      memcpy(out + (size_t)r * (size_t)p->out_bytes, x + (size_t)r * bytes, bytes);
    out += bytes;
  }
  return EI_OK;
}

#endif
