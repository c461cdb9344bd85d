/* Every kernel family; an instruction set defines what it does better before including this. */
#include "ei_dense.h"
#include "ei_dense_int.h"
#include "ei_elementwise.h"
#include "ei_kernel_machine.h"
#include "ei_quantize.h"
#include "ei_reduce.h"
#include "ei_trees.h"
