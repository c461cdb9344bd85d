/* A few rows against one panel of weights or vectors (see pack_panels in ops/dense.py): the inner
 * loop of dense layers, kernel machines and whatever else sums over features. Each sum runs over
 * the features in ascending order, multiplication and addition apart: the same bits on every
 * instruction set, whichever rows stand beside. */
#ifndef EI_TILE_H
#define EI_TILE_H

#include "ei_panels.h"
#include "ei_types.h"

#define EI_FLOAT_BITS 64
#include "ei_tile_body.h"
#define EI_FLOAT_BITS 32
#include "ei_tile_body.h"

#endif
