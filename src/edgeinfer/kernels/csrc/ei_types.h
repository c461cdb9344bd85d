/* What every kernel sees: where its tensors are, and what it may answer.
 *
 * A kernel is a pure function of its parameters and inputs. It never allocates, never keeps
 * state, and leaves nothing behind but its outputs (and rubbish in its scratch memory).
 * Counters that run over rows are ptrdiff_t: 64 bits wide on the host, one register on a
 * microcontroller. */
#ifndef EI_TYPES_H
#define EI_TYPES_H

#include <stddef.h>
#include <stdint.h>

/* Kernels are static: each instruction set has its own copy, and the exported C needs no linker. */
#define EI_API static inline

typedef enum {
  EI_OK = 0,
  EI_NAN = 1,   /* a row has a NaN that the model does not accept */
  EI_INF = 2,   /* a row has an infinity, or a value its narrower type cannot hold */
  EI_RANGE = 3, /* an index computed from a row lies outside its table */
  EI_MEMORY = 4 /* host only: no memory for the arena */
} ei_status;

/* Tensors are dense, `rows` rows each. `scratch` is as large as the op's lowering said. */
typedef struct {
  const void *const *in;
  void *const *out;
  void *scratch;
  int32_t rows;
} ei_io;

typedef ei_status (*ei_kernel)(const void *params, const ei_io *io);

#endif
