/* Host only: a program is an array of steps; the loop below runs it over blocks of rows. */
#ifndef EI_PROGRAM_H
#define EI_PROGRAM_H

#include "ei_types.h"

enum { EI_IN_ARENA = 0, EI_IN_INPUT = 1, EI_IN_OUTPUT = 2, EI_NOWHERE = 3 };
enum { EI_F64 = 0, EI_F32 = 1, EI_OTHER = 2 };

/* Where a tensor lies: at `offset` of the arena, in the caller's input / output `index`, or nowhere
 * (NULL) if it is an optional output that nobody reads. */
typedef struct {
  int32_t place;
  int32_t index;
  int64_t offset;
  int64_t row_bytes;
} ei_slot;

typedef struct {
  ei_kernel run;
  const void *params;
  const ei_slot *slots; /* inputs, then outputs */
  int32_t n_in;
  int32_t n_out;
  int64_t scratch; /* offset in the arena */
  int64_t scratch_bytes;
} ei_step;

/* How a program reads an input: `staging` is where a block is converted to, if it has to be. */
typedef struct {
  int64_t staging;
  int64_t row_bytes;
  int32_t columns;
  int32_t type;
} ei_input;

/* The caller's array: any strides, type EI_F64 or EI_F32 (or exactly the input's bytes). */
typedef struct {
  const char *data;
  int64_t row_stride;
  int64_t column_stride;
  int32_t type;
  int32_t dense; /* the program's own type, contiguous: read in place */
} ei_array;

typedef struct {
  const ei_step *steps;
  const ei_input *inputs;
  int64_t arena_bytes;
  int32_t n_steps;
  int32_t n_inputs;
  int32_t max_slots;
  int32_t block_rows;
} ei_program;

typedef struct {
  ei_status status;
  int32_t step;  /* the step that refused */
  int64_t block; /* the first row of the block it refused */
} ei_result;

/* Runs `rows` rows on up to `threads` threads. With several, the refusal of the first block counts.
 */
ei_result ei_program_run(const ei_program *program, const ei_array *inputs, void *const *outputs,
                         int64_t rows, int32_t threads);

/* Threads the runtime may use now (OMP_NUM_THREADS, threadpoolctl, affinity); 1 after a fork. */
int32_t ei_threads_available(void);

#endif
