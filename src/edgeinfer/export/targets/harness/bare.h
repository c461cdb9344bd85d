/* What cores without an operating system share: semihosting, the painted stack, the start. The
 * file that includes this defines `semihosting` and `stack_now`. */
#ifndef BARE_H
#define BARE_H

#include "platform.h"

#define STACK_PATTERN 0xA5C3A5C3u

extern uint32_t platform_stack_top[], platform_stack_limit[];
extern uint32_t platform_data_load[], platform_data_start[], platform_data_end[];
extern uint32_t platform_bss_start[], platform_bss_end[];
int main(void);

/* A request to the emulator: 4 writes a string, 0x20 ends it with a status. */
static void semihosting(uint32_t operation, const void *argument);
static uint32_t *stack_now(void);

void platform_write(const char *text) { semihosting(0x04u, text); }

static void leave(uint32_t status) {
  const uint32_t request[2] = {0x20026u, status};
  for (;;) semihosting(0x20u, request);
}

static uint32_t *painted_from;

__attribute__((noinline)) void platform_paint_stack(void) {
  painted_from = stack_now();
  for (uint32_t *p = platform_stack_limit; p < painted_from - 4; p++) *p = STACK_PATTERN;
}

__attribute__((noinline)) uint32_t platform_stack_used(void) {
  uint32_t *p = platform_stack_limit;
  while (p < painted_from && *p == STACK_PATTERN) p++;
  return (uint32_t)(painted_from - p) * 4u;
}

__attribute__((noreturn)) static void run_main(void) {
  const uint32_t *from = platform_data_load;
  for (uint32_t *to = platform_data_start; to < platform_data_end;) *to++ = *from++;
  for (uint32_t *to = platform_bss_start; to < platform_bss_end;) *to++ = 0;
  leave((uint32_t)main());
  for (;;) {
  }
}

__attribute__((noreturn, used)) static void fault(void) {
  platform_write("fault\n");
  leave(99u);
  for (;;) {
  }
}

#endif
