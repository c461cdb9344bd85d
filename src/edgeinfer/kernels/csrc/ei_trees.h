/* Decision trees and their sums.
 *
 * A tree never compares the features themselves but codes: column c of a row's codes is the rank
 * of one feature among some cut values (how many of them are smaller), so `x <= cut[k]` is
 * `code <= k`, exactly. A missing value takes the smallest or the largest code of a column, a
 * category 0 or 1; whatever a node wants of its feature is said by the column it reads.
 *
 * Nodes are two words: {column | rank << 16, left child}; right = left + 1, children come after
 * their parents. A leaf is its own left child with the largest rank, so that a walk stays there.
 * Sums run tree by tree; floats are added in that order on every instruction set. */
#ifndef EI_TREES_H
#define EI_TREES_H

#include <string.h>

#include "ei_types.h"

typedef struct {
  const uint32_t *nodes;  /* (n_nodes, 2) */
  const int32_t *leaves;  /* n_nodes: the row of `values` that a leaf stands for */
  const int32_t *ids;     /* n_nodes: what the source calls the leaf; or NULL */
  const int32_t *roots;   /* n_trees + 1: where a tree begins */
  const int32_t *depths;  /* n_trees: steps from the root to the deepest leaf */
  const int32_t *targets; /* n_trees: the first output that a tree adds to */
  const void *values;     /* (n_values, width) */
  const void *base;       /* n_out: what the sums begin with */
  const void *cuts;       /* each group's ascending, and pivots among them; see `levels` */
  const int32_t *groups;  /* (n_groups, EI_TREES_GROUP), see below */
  const int32_t *levels;  /* where a group's pivots of each level lie, the cuts themselves last */
  const float *pivots;    /* groups of few cuts: a search tree of them, rounded; see below */
  const int32_t *columns; /* (n_columns, 3): first rank, largest code, code of a missing value */
  const uint8_t *bits;    /* sets of categories; a category column's first rank is a bit's place */
  /* How to take many rows through small trees level by level; NULL where that does not pay.
   * `plan`: (n_trees, 4) first level, end of levels, first leaf, number of leaves. */
  const int32_t *plan;
  const int32_t *plan_levels;  /* (levels, 4): table, inner nodes, first column, columns */
  const int32_t *plan_columns; /* where each level's columns lie among the codes in lanes */
  const uint8_t *plan_tables;  /* per level: ranks, columns, left, right (and their leaves) */
  const void *plan_values;     /* (leaves, width): all trees' leaf values, from left to right */
  /* How to take one row through small trees, some of them side by side; NULL where that does not
   * pay. See ops/tree_marks.py. */
  const int32_t *marks;       /* n_marks + 1: the first block of tests of some trees */
  const uint8_t *mark_tests;  /* blocks of 64 tests: their columns, then their ranks */
  const uint8_t *mark_leaves; /* per test the leaves that are left if it says right */
  double divisor;             /* of the sums */
  double scale;               /* of integer values */
  int32_t n_trees;
  int32_t n_features;
  int32_t n_groups;
  int32_t n_columns;
  int32_t width; /* values of a leaf */
  int32_t n_out;
  int32_t with_init; /* the second input is what the sums begin with, not `base` */
  int32_t deepest;   /* the largest of `depths` */
  int32_t n_marks;
  int32_t mark_bits; /* 32 or 64: leaves that a mask has room for */
} ei_trees_params;

enum { EI_TREES_NUMBERS = 0, EI_TREES_CATEGORIES = 1 };
/* A group of columns that one search serves: feature, place of its cuts, how many there are,
 * first column, end of columns, numbers or categories, first entry in `levels`, how many,
 * place of its search tree, steps through that (0: there is none).
 * A search tree of s steps has 2^s floats: below the pivot i are 2 i and 2 i + 1; 1 is the root. */
enum { EI_TREES_GROUP = 10 };
/* Rows whose codes lie side by side; how many rows walk through a tree interleaved, and through how
 * many trees one row does. */
enum { EI_TREES_LANES = 64, EI_TREES_WALKS = 16, EI_TREES_SIDE_BY_SIDE = 8 };
/* Up to here a leaf's number fits the byte of a node, beside the bit that says leaf. */
enum { EI_TREES_NARROW = 128 };
/* Trees that are marked side by side, at most. */
enum { EI_TREES_MARKED = 16 };
/* Cuts are compared sixteen at a time: a level's pivots are the last of each sixteen of the next
 * level but the last sixteen; all levels end in infinities that fill up a sixteen. */
enum { EI_TREES_FAN = 16 };

/* The types behind the names of kernels: trees_{features}_{cuts}_{codes}_{values}. */
typedef double ei_trees_f64;
typedef float ei_trees_f32;
typedef uint8_t ei_trees_u8;
typedef uint16_t ei_trees_u16;
typedef int32_t ei_trees_i32;
typedef int16_t ei_trees_i16;

/* What sums of values are kept in, and handed over as. */
typedef double ei_trees_sum_f64;
typedef float ei_trees_sum_f32;
typedef int32_t ei_trees_sum_i32;
typedef int32_t ei_trees_sum_i16;
typedef double ei_trees_out_f64;
typedef float ei_trees_out_f32;
typedef float ei_trees_out_i32;
typedef float ei_trees_out_i16;

#define EI_JOIN2(a, b)  a##b
#define EI_JOIN(a, b)   EI_JOIN2(a, b)
#define EI_JOIN_(a, b)  EI_JOIN(a, EI_JOIN(_, b))
#define EI_TREE_TYPE(t) EI_JOIN(ei_trees_, t)

#if !defined(EI_HAVE_TREES_LEVELS)
#define EI_HAVE_TREES_LEVELS 0
EI_API void ei_trees_levels(const int32_t *level, const int32_t *end, const uint8_t *tables,
                            const int32_t *columns, int32_t wide, const uint8_t *codes,
                            ptrdiff_t stride, int32_t blocks, uint8_t *leaf) {
  (void)level, (void)end, (void)tables, (void)columns, (void)wide, (void)codes;
  (void)stride, (void)blocks, (void)leaf;
}
#endif

#if !defined(EI_HAVE_TREES_MARKS)
#define EI_HAVE_TREES_MARKS 0
EI_API void ei_trees_marks(const uint8_t *tests, const uint8_t *leaves, int32_t blocks,
                           int32_t bits, int32_t n_columns, const uint8_t *codes, uint8_t *leaf) {
  (void)tests, (void)leaves, (void)blocks, (void)bits, (void)n_columns, (void)codes, (void)leaf;
}
#endif

/* To each row's sum the value of its leaf; a tree has `n` of them. */
#if !defined(EI_HAVE_TREES_PICK_VALUES)
EI_API void ei_trees_pick_values_f64(const double *v, int32_t n, const uint8_t *leaf, int32_t rows,
                                     double *sums) {
  (void)n;
  for (int32_t k = 0; k < rows; k++) sums[k] += v[leaf[k]];
}

EI_API void ei_trees_pick_values_f32(const float *v, int32_t n, const uint8_t *leaf, int32_t rows,
                                     float *sums) {
  (void)n;
  for (int32_t k = 0; k < rows; k++) sums[k] += v[leaf[k]];
}

EI_API void ei_trees_pick_values_i32(const int32_t *v, int32_t n, const uint8_t *leaf, int32_t rows,
                                     int32_t *sums) {
  (void)n;
  for (int32_t k = 0; k < rows; k++) sums[k] += v[leaf[k]];
}
#endif

EI_API void ei_trees_pick_values_i16(const int16_t *v, int32_t n, const uint8_t *leaf, int32_t rows,
                                     int32_t *sums) {
  (void)n;
  for (int32_t k = 0; k < rows; k++) sums[k] += v[leaf[k]];
}

/* The code that a column makes of a rank in its group. */
EI_API int32_t ei_trees_code(const ei_trees_params *p, const int32_t *group, const int32_t *column,
                             int32_t rank) {
  if (group[5] == EI_TREES_CATEGORIES) {
    const int32_t bit = column[0] + rank;
    return !((p->bits[bit >> 3] >> (bit & 7)) & 1);
  }
  const int32_t code = rank - column[0];
  return code < 0 ? 0 : code < column[1] ? code : column[1];
}

#define EI_CUT f64
#include "ei_trees_rank_body.h"
#define EI_CUT f32
#include "ei_trees_rank_body.h"

#define EI_CODE u8
#include "ei_trees_codes.h"
#define EI_CODE u16
#include "ei_trees_codes.h"

#endif
