/* How weights are laid out: in panels of so many outputs, each read contiguously for every input.
 */
#ifndef EI_PANELS_H
#define EI_PANELS_H

#define EI_PANEL_f64 8
#define EI_PANEL_f32 16
#define EI_TILE_ROWS 4 /* rows that share a panel while it is in registers */

#endif
