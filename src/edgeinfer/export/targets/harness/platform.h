/* What the bench needs of a platform. Host only, or the emulated machine's start-up. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdint.h>

void platform_write(const char *text);

/* A counter that grows with the instructions executed; modulo platform_tick_mask + 1. */
extern const uint32_t platform_tick_mask;
void platform_start_ticks(void);
uint32_t platform_ticks(void);

/* Fills the free stack with a pattern; later tells how much of it was written. */
void platform_paint_stack(void);
uint32_t platform_stack_used(void);

#endif
