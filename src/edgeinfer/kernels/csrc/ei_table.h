/* The table of one instruction set; EI_TABLE names it. Last line of every file in isa/. */
extern const ei_kernel EI_TABLE[];
const ei_kernel EI_TABLE[] = {
#define EI_KERNEL(name, params) ei_##name,
#include "ei_kernels.def"
#undef EI_KERNEL
};
