/* Plain C99: what every machine runs, and what the others are compared with. */
#include "../ei_all.h"

#define EI_TABLE ei_table_portable
#include "../ei_table.h"
