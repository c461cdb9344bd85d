/* RV32 without an operating system: start-up, semihosting, the instruction counter. */
#include "platform.h"

#define STACK_PATTERN 0xA5C3A5C3u

extern uint32_t platform_stack_limit[];
extern uint32_t platform_data_load[], platform_data_start[], platform_data_end[];
extern uint32_t platform_bss_start[], platform_bss_end[];
int main(void);

const uint32_t platform_tick_mask = 0xFFFFFFFFu;

/* A request to the emulator: the three instructions are what it recognises. */
__attribute__((noinline)) static void semihosting(uint32_t operation, const void *argument) {
  register uint32_t a0 __asm__("a0") = operation;
  register const void *a1 __asm__("a1") = argument;
  __asm__ volatile(
      ".balign 16\n .option push\n .option norvc\n"
      " slli x0, x0, 0x1f\n ebreak\n srai x0, x0, 7\n .option pop"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
}

void platform_write(const char *text) { semihosting(0x04u, text); }

static void leave(uint32_t status) {
  const uint32_t request[2] = {0x20026u, status};
  for (;;) semihosting(0x20u, request);
}

void platform_start_ticks(void) {}

uint32_t platform_ticks(void) {
  uint32_t count;
  __asm__ volatile(".option push\n .option arch, +zicsr\n rdinstret %0\n .option pop"
                   : "=r"(count));
  return count;
}

static uint32_t *stack_now(void) {
  uint32_t *sp;
  __asm__ volatile("mv %0, sp" : "=r"(sp));
  return sp;
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

__attribute__((noreturn, used)) static void start(void) {
  const uint32_t *from = platform_data_load;
  for (uint32_t *to = platform_data_start; to < platform_data_end;) *to++ = *from++;
  for (uint32_t *to = platform_bss_start; to < platform_bss_end;) *to++ = 0;
  leave((uint32_t)main());
  for (;;) {
  }
}

__attribute__((used)) static void fault(void) {
  platform_write("fault\n");
  leave(99u);
}

__attribute__((naked, noreturn, used, section(".platform_entry"))) void platform_entry(void) {
  __asm__ volatile(
      ".option push\n .option arch, +zicsr\n"
      " la sp, platform_stack_top\n la t0, fault\n csrw mtvec, t0\n la t0, start\n jr t0\n"
      " .option pop");
}
