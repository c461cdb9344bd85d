/* Runs kernels on golden cases: reads cases from standard input, writes what comes out.
 *
 * A case is eight int32: table (0 portable, 1 of the instruction set), kernel, rows, scratch bytes,
 * bytes of the parameter block, pointers in it, inputs, outputs. Then the block; per pointer an
 * int32 offset in the block, and an array; per input an array; per output an int32 of bytes. An
 * array is an int32 of bytes and those bytes. Every array is its own allocation of exactly its
 * size, so that the address sanitizer sees a kernel that leaves one. The answer to a case is the
 * status as int32, then the outputs. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "ei_types.h"

extern const ei_kernel ei_table_portable[];
#if defined(RUNNER_ISA)
extern const ei_kernel RUNNER_ISA[];
#else
#define RUNNER_ISA ei_table_portable
#endif

#define MAX_ARRAYS 64

static void fail(const char *what) {
  fprintf(stderr, "runner: %s\n", what);
  exit(1);
}

static void take(void *target, size_t bytes) {
  if (bytes > 0 && fread(target, 1, bytes, stdin) != bytes) fail("a case ends too early");
}

static int32_t number(void) {
  int32_t value;
  take(&value, sizeof value);
  return value;
}

static void *allocate(int32_t bytes) {
  /* malloc aligns to 16 bytes, as much as any kernel may count on. */
  void *memory = malloc(bytes > 0 ? (size_t)bytes : 1);
  if (memory == NULL) fail("no memory");
  return memory;
}

static void *array(void) {
  const int32_t bytes = number();
  void *memory = allocate(bytes);
  take(memory, (size_t)bytes);
  return memory;
}

int main(void) {
  int32_t head[8];
  while (fread(head, sizeof head, 1, stdin) == 1) {
    const ei_kernel *table = head[0] ? RUNNER_ISA : ei_table_portable;
    const int32_t pointers = head[5], inputs = head[6], outputs = head[7];
    void *held[MAX_ARRAYS], *in[MAX_ARRAYS], *out[MAX_ARRAYS];
    int32_t bytes[MAX_ARRAYS];
    if (pointers > MAX_ARRAYS || inputs > MAX_ARRAYS || outputs > MAX_ARRAYS) fail("too many");
    char *block = (char *)allocate(head[4]);
    take(block, (size_t)head[4]);
    for (int32_t i = 0; i < pointers; i++) {
      const int32_t offset = number();
      held[i] = array();
      *(void **)(void *)(block + offset) = held[i];
    }
    for (int32_t i = 0; i < inputs; i++) in[i] = array();
    for (int32_t i = 0; i < outputs; i++) {
      bytes[i] = number();
      out[i] = allocate(bytes[i]);
    }
    void *scratch = allocate(head[3]);
    const ei_io io = {(const void *const *)in, out, scratch, head[2]};
    const int32_t status = (int32_t)table[head[1]](block, &io);
    fwrite(&status, sizeof status, 1, stdout);
    for (int32_t i = 0; i < outputs; i++) {
      fwrite(out[i], 1, (size_t)bytes[i], stdout);
      free(out[i]);
    }
    for (int32_t i = 0; i < inputs; i++) free(in[i]);
    for (int32_t i = 0; i < pointers; i++) free(held[i]);
    free(scratch);
    free(block);
  }
  return 0;
}
