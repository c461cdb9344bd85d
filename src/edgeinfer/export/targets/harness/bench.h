/* What the bench knows of the model: bench_model.c is written for each one. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

extern const int32_t bench_rows;
extern const int32_t bench_row_bytes;
extern const int32_t bench_result_bytes;
extern const unsigned char bench_data[];
extern unsigned char *const bench_result;

/* One inference; the model's status. */
int32_t bench_call(const unsigned char *row);
/* The same call around nothing, for what the counting itself costs. */
int32_t bench_nothing(const unsigned char *row);

#endif
