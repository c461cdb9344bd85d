#include "program.h"

#include <stdlib.h>
#include <string.h>
#if defined(_OPENMP)
#include <omp.h>
#include <unistd.h>
#endif

#define STACK_ARENA       16384
#define ALIGNMENT         64
#define PIECES_PER_THREAD 8

/* OpenMP's threads do not survive a fork, and waiting for them would never end: a child of a
 * process that has used them stays on one thread. */
int32_t ei_threads_available(void) {
#if defined(_OPENMP)
  static pid_t owner = 0;
  const pid_t now = getpid();
  if (owner == 0) owner = now;
  return owner == now ? (int32_t)omp_get_max_threads() : 1;
#else
  return 1;
#endif
}

/* `n` values, `step` bytes apart and perhaps not aligned, as another type. Inlined with a constant
 * step where they lie side by side: compilers make vectors of that. */
static inline void widen(const char *from, int64_t step, int32_t n, double *to) {
  for (int32_t c = 0; c < n; c++) {
    float value;
    memcpy(&value, from + c * step, sizeof value);
    to[c] = (double)value;
  }
}

static inline void narrow(const char *from, int64_t step, int32_t n, float *to) {
  for (int32_t c = 0; c < n; c++) {
    double value;
    memcpy(&value, from + c * step, sizeof value);
    to[c] = (float)value;
  }
}

static inline void gather(const char *from, int64_t step, int32_t n, size_t size, char *to) {
  for (int32_t c = 0; c < n; c++) memcpy(to + (size_t)c * size, from + c * step, size);
}

/* One block of an input, converted to the program's type, densely packed. */
static void stage(const ei_input *input, const ei_array *array, int64_t row, int32_t rows,
                  void *staging) {
  const int32_t n = input->columns;
  const int64_t step = array->column_stride;
  for (int32_t r = 0; r < rows; r++) {
    const char *from = array->data + (row + r) * array->row_stride;
    const int64_t first = (int64_t)r * n;
    if (input->type == array->type && input->type == EI_F64) {
      gather(from, step, n, sizeof(double), (char *)((double *)staging + first));
    } else if (input->type == array->type) {
      gather(from, step, n, sizeof(float), (char *)((float *)staging + first));
    } else if (input->type == EI_F64) {
      double *to = (double *)staging + first;
      if (step == sizeof(float))
        widen(from, sizeof(float), n, to);
      else
        widen(from, step, n, to);
    } else {
      float *to = (float *)staging + first;
      if (step == sizeof(double))
        narrow(from, sizeof(double), n, to);
      else
        narrow(from, step, n, to);
    }
  }
}

static char *locate(const ei_slot *slot, char *arena, const char *const *inputs,
                    void *const *outputs, int64_t row) {
  if (slot->place == EI_IN_ARENA) return arena + slot->offset;
  if (slot->place == EI_NOWHERE) return NULL;
  if (slot->place == EI_IN_INPUT) return (char *)inputs[slot->index];
  return (char *)outputs[slot->index] + row * slot->row_bytes;
}

/* Under the address sanitizer a step sees its own tensors and scratch memory, exactly as large as
 * they are, and nothing else of the arena; elsewhere these do nothing. */
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>

static void show_all(const ei_program *p, char *arena) {
  ASAN_UNPOISON_MEMORY_REGION(arena, (size_t)p->arena_bytes);
}

static void show_step(const ei_program *p, const ei_step *step, void *const *slots, char *arena,
                      int32_t rows) {
  ASAN_POISON_MEMORY_REGION(arena, (size_t)p->arena_bytes);
  ASAN_UNPOISON_MEMORY_REGION(arena + step->scratch, (size_t)step->scratch_bytes);
  for (int32_t i = 0; i < step->n_in + step->n_out; i++)
    if (step->slots[i].place != EI_IN_OUTPUT)
      ASAN_UNPOISON_MEMORY_REGION(slots[i], (size_t)step->slots[i].row_bytes * (size_t)rows);
}
#else
static void show_all(const ei_program *p, char *arena) {
  (void)p;
  (void)arena;
}

static void show_step(const ei_program *p, const ei_step *step, void *const *slots, char *arena,
                      int32_t rows) {
  (void)p;
  (void)step;
  (void)slots;
  (void)arena;
  (void)rows;
}
#endif

static ei_result run_block(const ei_program *p, const ei_array *arrays, void *const *outputs,
                           int64_t row, int32_t rows, char *arena) {
  ei_result result = {EI_OK, 0, row};
  /* Pointer tables lie behind the arena: inputs first, then the slots of the running step. */
  const char **inputs = (const char **)(arena + p->arena_bytes);
  void **slots = (void **)(inputs + p->n_inputs);
  for (int32_t i = 0; i < p->n_inputs; i++) {
    if (arrays[i].dense) {
      inputs[i] = arrays[i].data + row * p->inputs[i].row_bytes;
    } else {
      stage(&p->inputs[i], &arrays[i], row, rows, arena + p->inputs[i].staging);
      inputs[i] = arena + p->inputs[i].staging;
    }
  }
  for (int32_t s = 0; s < p->n_steps; s++) {
    const ei_step *step = &p->steps[s];
    for (int32_t i = 0; i < step->n_in + step->n_out; i++)
      slots[i] = locate(&step->slots[i], arena, inputs, outputs, row);
    const ei_io io = {(const void *const *)slots, slots + step->n_in, arena + step->scratch, rows};
    show_step(p, step, slots, arena, rows);
    result.status = step->run(step->params, &io);
    show_all(p, arena);
    if (result.status != EI_OK) {
      result.step = s;
      return result;
    }
  }
  return result;
}

static size_t arena_size(const ei_program *p) {
  const size_t tables = (size_t)(p->n_inputs + p->max_slots) * sizeof(void *);
  return ((size_t)p->arena_bytes + tables + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static ei_result run_range(const ei_program *p, const ei_array *inputs, void *const *outputs,
                           int64_t first, int64_t last) {
  _Alignas(ALIGNMENT) char local[STACK_ARENA];
  const size_t bytes = arena_size(p);
  char *arena = bytes <= sizeof local ? local : (char *)aligned_alloc(ALIGNMENT, bytes);
  ei_result result = {EI_OK, 0, first};
  if (arena == NULL) {
    result.status = EI_MEMORY;
    return result;
  }
  for (int64_t row = first; row < last && result.status == EI_OK; row += p->block_rows) {
    const int64_t left = last - row;
    const int32_t rows = left < p->block_rows ? (int32_t)left : p->block_rows;
    result = run_block(p, inputs, outputs, row, rows, arena);
  }
  if (arena != local) free(arena);
  return result;
}

ei_result ei_program_run(const ei_program *p, const ei_array *inputs, void *const *outputs,
                         int64_t rows, int32_t threads) {
#if defined(_OPENMP)
  const int64_t blocks = (rows + p->block_rows - 1) / p->block_rows;
  if (threads > blocks) threads = (int32_t)blocks;
  if (threads > 1) {
    /* Some pieces for each thread, so that one that was held up holds nobody up. */
    const int64_t wanted = (int64_t)threads * PIECES_PER_THREAD;
    const int64_t pieces = blocks < wanted ? blocks : wanted;
    ei_result worst = {EI_OK, 0, rows};
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int64_t piece = 0; piece < pieces; piece++) {
      const int64_t first = blocks * piece / pieces * p->block_rows;
      const int64_t end = blocks * (piece + 1) / pieces * p->block_rows;
      const ei_result result = run_range(p, inputs, outputs, first, end < rows ? end : rows);
#pragma omp critical
      if (result.status != EI_OK && result.block < worst.block) worst = result;
    }
    return worst;
  }
#endif
  (void)threads;
  return run_range(p, inputs, outputs, 0, rows);
}
