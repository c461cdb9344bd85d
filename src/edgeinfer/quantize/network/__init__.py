"""Float networks in integers, by TensorFlow Lite's quantization specification.

What is rewritten is the network as its file declares it (`edgeinfer.operators`): the operators of
the result have integer tensors, and the converter that reads quantized files makes the graph. So
whatever operator has an integer kernel can be quantized, and gives the specification's integers.

========================  ==========================================================
`prepare`                 a network in its simplest form: constants as floats, fused bounds
`observe`                 runs networks on the calibration data: ranges, means, values
`plan`                    which operators become integers; scale and zero point of each tensor
`rewrite`                 the quantized network: weights, biases, constants, conversions
`equalize`                cross-layer equalization: channels of one tensor made alike
`measure`                 signal to quantization noise, layer by layer
`passes`                  all of it in order, the best variant kept
========================  ==========================================================
"""

from edgeinfer.quantize.network.passes import quantize_network

__all__ = ["quantize_network"]
