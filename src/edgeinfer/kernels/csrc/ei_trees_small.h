/* Decision trees for small targets: a node is one word (or two), leaves share rows of values.
 *
 * A word holds, from its low bits on, column, rank, left and right child. A child below
 * `first_leaf` is a node of the same tree, counted from its root; any other stands for a leaf's
 * row of values. A row goes left where its key in a column is not larger than the key of that
 * rank. Sums equal those of ei_trees.h: what a row lacks of the usual values is left out, and the
 * base has the usual values of all trees beforehand. */
#ifndef EI_TREES_SMALL_H
#define EI_TREES_SMALL_H

#include <string.h>

#include "ei_check_small.h"
#include "ei_types.h"

typedef struct {
  const uint32_t *nodes;
  const uint16_t *sizes;  /* n_trees: nodes of each tree */
  const uint8_t *targets; /* n_trees: the output a tree adds to; NULL: all to the first */
  const int32_t *keys;    /* float features: what a rank stands for; codes: NULL */
  const uint16_t *starts; /* of the rows behind the pure ones: where their entries begin; NULL: a
                             row is one value */
  const uint8_t *classes; /* per entry the output it adds to */
  const void *values;     /* per entry; entry 0 is what a pure row adds, row k to output k */
  const void *base;       /* n_out: what the sums begin with */
  double scale;           /* of integer values */
  double divisor;         /* of the sums */
  int32_t n_trees;
  int32_t n_columns;
  int32_t n_out;
  int32_t n_pure;
  int32_t first_leaf;
  int32_t wide;       /* 1: column and rank in a first word, the children in a second */
  int32_t rank_shift; /* where each part begins; the right child ends the word */
  int32_t left_shift;
  int32_t right_shift;
  int32_t negative; /* some key is negative: features have to be turned into keys */
  int32_t vote;     /* the output is the place of the first largest sum, int32 */
  int32_t majority; /* with vote: a sum above this stays the largest, whatever is still to come */
  int32_t n_left;   /* ranks below this send a missing feature left, the others right */
  int32_t allow_nan;
} ei_trees_small_params;

typedef struct {
  const int32_t *keys;    /* ascending for each column */
  const uint16_t *groups; /* (n_groups, 4): feature, first key, number of keys, which columns */
  int32_t n_features;
  int32_t n_groups;
  int32_t n_columns;
} ei_rank_params;

/* Columns of a feature: one for which missing is left, one for which it is right, or both. */
enum { EI_RANK_LEFT = 1, EI_RANK_RIGHT = 2 };

/* An integer that orders as the float does; -0.0 comes right below 0.0. */
EI_API int32_t ei_float_key(int32_t bits) { return bits ^ (int32_t)((uint32_t)(bits >> 31) >> 1); }

EI_API int ei_bits_are_nan(int32_t bits) { return ((uint32_t)bits & 0x7FFFFFFFu) > 0x7F800000u; }

/* The features' guard: infinity is refused, NaN where it is not allowed; `missing`: one is there.
 */
EI_API ei_status ei_trees_small_guard(const float *x, int32_t n, int32_t allow_nan, int *missing) {
  const ei_check_small_params check = {n, allow_nan};
  const void *const in[1] = {x};
  const ei_io io = {in, NULL, NULL, 1};
  *missing = 0;
  if (ei_any_beyond_f32(x, n) == 0) return EI_OK;
  *missing = 1;
  return ei_check_small_f32(&check, &io);
}

/* Each code is how many of its column's keys lie below the feature. */
#define EI_CODE_T uint8_t
#define EI_SUFFIX u8
#include "ei_rank_body.h"
#define EI_CODE_T uint16_t
#define EI_SUFFIX u16
#include "ei_rank_body.h"

/* Inputs: f32 features, or codes; values: u16, i32, f64. */
#define EI_FLOAT_INPUT 1
#define EI_X_T         float
#define EI_INPUT       f32
#include "ei_trees_small_inputs.h"
#undef EI_FLOAT_INPUT
#define EI_FLOAT_INPUT 0
#define EI_X_T         uint8_t
#define EI_INPUT       u8
#include "ei_trees_small_inputs.h"
#define EI_X_T   uint16_t
#define EI_INPUT u16
#include "ei_trees_small_inputs.h"
#undef EI_FLOAT_INPUT

#endif
