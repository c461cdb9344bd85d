/* RV32 without an operating system: start-up, semihosting, the instruction counter. */
#include "bare.h"

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

__attribute__((noreturn, used)) static void start(void) { run_main(); }

__attribute__((naked, noreturn, used, section(".platform_entry"))) void platform_entry(void) {
  __asm__ volatile(
      ".option push\n .option arch, +zicsr\n"
      " la sp, platform_stack_top\n la t0, fault\n csrw mtvec, t0\n la t0, start\n jr t0\n"
      " .option pop");
}
