/* Cortex-M without vendor files: vectors, start-up, semihosting, SysTick. */
#include "bare.h"

#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u)
#define CPACR    (*(volatile uint32_t *)0xE000ED88u)

const uint32_t platform_tick_mask = 0xFFFFFFu;

static void semihosting(uint32_t operation, const void *argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
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

__attribute__((noreturn, used)) static void start(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  CPACR |= 0xFu << 20; /* the floating-point and vector unit on */
  __asm__ volatile("dsb\n isb" ::: "memory");
#endif
  run_main();
}

__attribute__((naked, noreturn, used)) void platform_entry(void) {
  __asm__ volatile("ldr r0, =platform_stack_top\n mov sp, r0\n ldr r1, =start\n bx r1\n .ltorg");
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
