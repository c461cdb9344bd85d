/* How 16 channels are rescaled, for vectors: blocks of 448 bytes as pack_rescaling in ops/conv.py
 * makes them. Products have 64 bits; what they are rounded with, and the zero point, is added to
 * them as one number, for even and odd channels apart. */
#ifndef EI_RESCALING_BLOCKS_H
#define EI_RESCALING_BLOCKS_H

enum {
  EI_FACTOR_BIAS = 0,
  EI_FACTOR_MULTIPLIER = 64,
  EI_FACTOR_ODD = 128, /* the multipliers of odd channels */
  EI_FACTOR_LEFT = 192,
  EI_FACTOR_RIGHT = 256,
  EI_FACTOR_ADD_EVEN = 320,
  EI_FACTOR_ADD_ODD = 384,
  EI_FACTOR_BYTES = 448
};

/* Four of them begin a block of 64 channels of a depthwise convolution. */
#define EI_DEPTHWISE_HEAD (4 * EI_FACTOR_BYTES)

#endif
