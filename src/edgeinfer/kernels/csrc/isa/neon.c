#include <arm_neon.h>

#include "../ei_types.h"
#include "neon_families.h"

#include "../ei_all.h"

#define EI_TABLE ei_table_neon
#include "../ei_table.h"
