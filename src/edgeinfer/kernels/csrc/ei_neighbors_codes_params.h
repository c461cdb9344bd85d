/* How coded points are laid out; the instruction sets have to know it too. */
#ifndef EI_NEIGHBORS_CODES_PARAMS_H
#define EI_NEIGHBORS_CODES_PARAMS_H

#include "ei_types.h"

#define EI_CODE_POINTS 32   /* points side by side: (groups, n_codes, EI_CODE_POINTS, 4) */
#define EI_CODE_ROWS   8    /* rows that share a group while it is in registers */
#define EI_CODE_KEPT   1024 /* candidates a row can have */
#define EI_CODE_EXACT  8    /* points whose exact distances are computed together */

typedef struct {
  const void *points;    /* (n_points, n_in) */
  const int8_t *codes;   /* four features of a point together, padded with zeros */
  const int32_t *norms;  /* |code|^2 of each point, INT32_MAX for padding */
  const int32_t *starts; /* -128 * the sum of its codes */
  const double *centre;  /* n_in */
  const double *squares; /* |y|^2 of each point, or NULL: see ei_expanded.h */
  double largest;        /* the largest of them */
  double scale;
  double error; /* the largest of any point, in codes */
  int32_t n_points;
  int32_t n_in;
  int32_t n_codes; /* fours of features */
  int32_t k;
  int32_t metric;
  int32_t float32; /* points are float, not double */
  int32_t order;   /* how the square of a row is summed */
} ei_neighbors_codes_params;

#endif
