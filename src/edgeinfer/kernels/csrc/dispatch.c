/* Which instruction sets there are, and which of them this processor has. */
#include "dispatch.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

static const char *const kernel_names[] = {
#define EI_KERNEL(name, params) #name,
#include "ei_kernels.def"
#undef EI_KERNEL
};

static const char *const kernel_structs[] = {
#define EI_KERNEL(name, params) #params,
#include "ei_kernels.def"
#undef EI_KERNEL
};

extern const ei_kernel ei_table_portable[];
static int has_portable(void) { return 1; }

#if defined(__x86_64__)
extern const ei_kernel ei_table_avx2[];
extern const ei_kernel ei_table_avx512vnni[];
extern const ei_kernel ei_table_avx512vbmi[];

static int has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi2");
}

static int has_avx512vnni(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vnni");
}

static int has_avx512vbmi(void) { return has_avx512vnni() && __builtin_cpu_supports("avx512vbmi"); }
#endif

#if defined(__aarch64__)
extern const ei_kernel ei_table_neon[];
extern const ei_kernel ei_table_neondot[];

static int has_neon(void) { return 1; }

static int has_neondot(void) {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & (1UL << 20)) != 0; /* HWCAP_ASIMDDP: the dot product */
#else
  return 1;
#endif
}
#endif

static const struct {
  const char *name;
  const ei_kernel *table;
  int (*supported)(void);
} sets[] = {
    {"portable", ei_table_portable, has_portable},
#if defined(__x86_64__)
    {"avx2", ei_table_avx2, has_avx2},
    {"avx512vnni", ei_table_avx512vnni, has_avx512vnni},
    {"avx512vbmi", ei_table_avx512vbmi, has_avx512vbmi},
#endif
#if defined(__aarch64__)
    {"neon", ei_table_neon, has_neon},
    {"neondot", ei_table_neondot, has_neondot},
#endif
};

int32_t ei_kernel_count(void) { return (int32_t)(sizeof kernel_names / sizeof kernel_names[0]); }
const char *ei_kernel_name(int32_t kernel) { return kernel_names[kernel]; }
const char *ei_kernel_struct(int32_t kernel) { return kernel_structs[kernel]; }
int32_t ei_isa_count(void) { return (int32_t)(sizeof sets / sizeof sets[0]); }
const char *ei_isa_name(int32_t isa) { return sets[isa].name; }
int ei_isa_supported(int32_t isa) { return sets[isa].supported(); }
ei_kernel ei_isa_kernel(int32_t isa, int32_t kernel) { return sets[isa].table[kernel]; }
