/* Runs every row, prints what came out in hexadecimal, and counts. */
#include "bench.h"
#include "platform.h"

typedef int32_t (*bench_function)(const unsigned char *row);

enum { STACK_ROWS = 32, MAX_PASSES = 64 };

static void write_number(const char *key, uint32_t value) {
  char digits[12];
  int i = 11;
  digits[i] = 0;
  do {
    digits[--i] = (char)('0' + value % 10u);
    value /= 10u;
  } while (value != 0u);
  platform_write(key);
  platform_write(" ");
  platform_write(digits + i);
  platform_write("\n");
}

static void write_result(int32_t status) {
  static const char hex[] = "0123456789abcdef";
  char line[65];
  int fill = 0;
  write_number("status", (uint32_t)status);
  platform_write("result ");
  for (int32_t i = 0; i < bench_result_bytes; i++) {
    line[fill++] = hex[bench_result[i] >> 4];
    line[fill++] = hex[bench_result[i] & 15];
    if (fill == 64 || i + 1 == bench_result_bytes) {
      line[fill] = 0;
      platform_write(line);
      fill = 0;
    }
  }
  platform_write("\n");
}

/* Ticks that `function` takes for all rows, `passes` times; the loop's own are in it. */
static uint64_t count(bench_function function, int32_t passes) {
  const bench_function volatile called = function;
  uint64_t total = 0;
  uint32_t last = platform_ticks();
  for (int32_t pass = 0; pass < passes; pass++) {
    const unsigned char *row = bench_data;
    for (int32_t r = 0; r < bench_rows; r++, row += bench_row_bytes) {
      (void)called(row);
      const uint32_t now = platform_ticks();
      total += (now - last) & platform_tick_mask;
      last = now;
    }
  }
  return total;
}

int main(void) {
  const unsigned char *row = bench_data;
  uint32_t deepest = 0;
  for (int32_t r = 0; r < bench_rows; r++, row += bench_row_bytes) {
    for (int32_t i = 0; i < bench_result_bytes; i++) bench_result[i] = 0;
    if (r < STACK_ROWS) platform_paint_stack();
    const int32_t status = bench_call(row);
    if (r < STACK_ROWS) {
      const uint32_t used = platform_stack_used();
      if (used > deepest) deepest = used;
    }
    write_result(status);
  }
  write_number("stack", deepest);
  if (platform_tick_mask != 0u) {
    platform_start_ticks();
    uint64_t ticks = count(bench_call, 1);
    int32_t passes = 1;
    /* A tick is some ten instructions: short programs run often enough to count exactly. */
    while (passes < MAX_PASSES && ticks < 40000u) passes *= 2, ticks = count(bench_call, passes);
    const uint64_t idle = count(bench_nothing, passes);
    write_number("passes", (uint32_t)passes);
    write_number("ticks", (uint32_t)((ticks - idle) >> 32));
    write_number("ticks_low", (uint32_t)(ticks - idle));
  }
  platform_write("done\n");
  return 0;
}
