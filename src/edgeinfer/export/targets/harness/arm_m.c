/* Cortex-M without vendor files: vectors, start-up, semihosting, SysTick. */
#include "platform.h"

#define STACK_PATTERN 0xA5C3A5C3u

#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u)
#define CPACR    (*(volatile uint32_t *)0xE000ED88u)

extern uint32_t platform_stack_top[], platform_stack_limit[];
extern uint32_t platform_data_load[], platform_data_start[], platform_data_end[];
extern uint32_t platform_bss_start[], platform_bss_end[];
int main(void);

const uint32_t platform_tick_mask = 0xFFFFFFu;

/* A request to the emulator: 4 writes a string, 0x20 ends it with a status. */
static void semihosting(uint32_t operation, const void *argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void platform_write(const char *text) { semihosting(0x04u, text); }

static void leave(uint32_t status) {
  const uint32_t request[2] = {0x20026u, status};
  for (;;) semihosting(0x20u, request);
}

void platform_start_ticks(void) {
  SYST_CSR = 0;
  SYST_RVR = platform_tick_mask;
  SYST_CVR = 0;
  SYST_CSR = 5; /* the core's clock, no interrupt */
  while (SYST_CVR == 0u) {
  }
}

uint32_t platform_ticks(void) { return platform_tick_mask - SYST_CVR; }

static uint32_t *stack_now(void) {
  uint32_t *sp;
  __asm__ volatile("mov %0, sp" : "=r"(sp));
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
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  CPACR |= 0xFu << 20; /* the floating-point and vector unit on */
  __asm__ volatile("dsb\n isb" ::: "memory");
#endif
  const uint32_t *from = platform_data_load;
  for (uint32_t *to = platform_data_start; to < platform_data_end;) *to++ = *from++;
  for (uint32_t *to = platform_bss_start; to < platform_bss_end;) *to++ = 0;
  leave((uint32_t)main());
  for (;;) {
  }
}

__attribute__((naked, noreturn, used)) void platform_entry(void) {
  __asm__ volatile("ldr r0, =platform_stack_top\n mov sp, r0\n ldr r1, =start\n bx r1\n .ltorg");
}

__attribute__((noreturn)) static void fault(void) {
  platform_write("fault\n");
  leave(99u);
  for (;;) {
  }
}

#define VECTOR(function) ((const void *)(function))
__attribute__((section(".platform_entry"), used)) static const void *const vectors[16] = {
    platform_stack_top,
    VECTOR(platform_entry),
    VECTOR(fault),
    VECTOR(fault),
    VECTOR(fault),
    VECTOR(fault),
    VECTOR(fault),
    VECTOR(fault),
    0,
    0,
    0,
    VECTOR(fault),
    VECTOR(fault),
    0,
    VECTOR(fault),
    VECTOR(fault)};
