/* A layer whose filters are products of a vector over the features and one over the last steps, in
 * integers as TensorFlow Lite Micro's reference kernels have it. */
#ifndef EI_SVDF_H
#define EI_SVDF_H

#include "ei_fixed.h"
#include "ei_types.h"

typedef struct {
  const int8_t *feature; /* filters x inputs */
  const void *time;      /* filters x memory, in the type of the state */
  const int32_t *bias;   /* units */
  int32_t x_zero;
  int32_t x_multiplier; /* of what a filter makes of the features: a value of the state */
  int32_t x_shift;
  int32_t y_zero;
  int32_t y_multiplier;
  int32_t y_shift;
  int32_t inputs;
  int32_t memory;
  int32_t rank; /* filters of a unit, side by side */
  int32_t units;
} ei_svdf_params;

#define EI_SVDF      ei_svdf_i8
#define EI_SVDF_T    int8_t
#define EI_SVDF_LOW  INT8_MIN
#define EI_SVDF_HIGH INT8_MAX
#include "ei_svdf_body.h"
#define EI_SVDF      ei_svdf_i8_i16
#define EI_SVDF_T    int16_t
#define EI_SVDF_LOW  INT16_MIN
#define EI_SVDF_HIGH INT16_MAX
#include "ei_svdf_body.h"

#endif
