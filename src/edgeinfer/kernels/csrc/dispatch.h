/* Host only: the kernel tables, one per instruction set, in the order of ei_kernels.def. */
#ifndef EI_DISPATCH_H
#define EI_DISPATCH_H

#include "ei_types.h"

int32_t ei_kernel_count(void);
const char *ei_kernel_name(int32_t kernel);
const char *ei_kernel_struct(int32_t kernel);

/* Instruction sets compiled in, worst first; `supported`: this processor has it. */
int32_t ei_isa_count(void);
const char *ei_isa_name(int32_t isa);
int ei_isa_supported(int32_t isa);
ei_kernel ei_isa_kernel(int32_t isa, int32_t kernel);

#endif
