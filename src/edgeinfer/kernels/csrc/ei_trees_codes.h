/* Tree kernels on codes of one type, EI_CODE; included once per type. */
#include "ei_trees_walk_body.h"

#define EI_X   f64
#define EI_CUT f64
#include "ei_trees_encode_body.h"
#define EI_X   f64
#define EI_CUT f32
#include "ei_trees_encode_body.h"
#define EI_X   f32
#define EI_CUT f32
#include "ei_trees_encode_body.h"

#define EI_VALUE f64
#include "ei_trees_values.h"
#define EI_VALUE f32
#include "ei_trees_values.h"
#define EI_VALUE i32
#include "ei_trees_values.h"
#define EI_VALUE i16
#include "ei_trees_values.h"

#undef EI_CODE
