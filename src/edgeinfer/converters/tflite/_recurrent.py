"""UNIDIRECTIONAL_SEQUENCE_LSTM, and loops whose number of rounds is known.

Keras' GRU, SimpleRNN and unfused LSTM come as WHILE with a counter; `while_loop` runs the counter
while converting and leaves the rounds side by side in the graph.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeinfer.converters.tflite import numbers
from edgeinfer.converters.tflite._convolution import matched_weights
from edgeinfer.converters.tflite._lstm_steps import Gates, Steps
from edgeinfer.converters.tflite._network import Call, Value, operator
from edgeinfer.ops import LSTM, QLSTM
from edgeinfer.ops.fixed_point import quantize_multiplier

MAX_ROUNDS = 1024
# Inputs of the operator, four of a kind in the order input, forget, cell, output.
_INPUTS, _RECURRENT, _BIASES = 1, 5, 12
_PEEPHOLES, _PROJECTION, _NORMS = 9, 16, 20
_VARIANTS = {
    **dict.fromkeys((9, 10, 11), "peepholes"),
    **dict.fromkeys((16, 17), "a projection"),
    **dict.fromkeys((20, 21, 22, 23), "layer normalization"),
}
GATE_SCALE = 2.0**-12
OUT_SCALE = 2.0**-15


@operator("UNIDIRECTIONAL_SEQUENCE_LSTM", version=4)
def sequence_lstm(call: Call) -> None:
    """Every run starts from an empty state, as a layer of Keras that is not stateful does."""
    if call.op.options("FusedActivationFunction") != 4:
        raise call.op.unsupported("an LSTM whose activation is not TANH")
    x = call.input(0, "float32", "int8", "int16")
    if x.rank != 3 or x.size == 0:
        raise call.op.damaged(f"takes sequences of vectors, got {list(x.shape)}")
    major = bool(call.op.options("TimeMajor"))
    if major and x.shape[1] != 1:
        raise call.op.unsupported("several sequences side by side in time-major order")
    shape = (1, x.shape[0], x.shape[2]) if major else x.shape
    clip = float(call.op.options("CellClip", 0.0))
    if not 0 <= clip < np.inf:
        raise call.op.damaged(f"clips its cell at {clip}")
    variants = [what for i, what in _VARIANTS.items() if call.optional(i) is not None]
    if call.optional(_INPUTS) is None:
        variants.append("coupled gates")
    if variants:
        if x.dtype != "float32" or shape[0] != 1:
            raise call.op.unsupported(f"an LSTM of {x.dtype} with {variants[0]}")
        if shape[1] > MAX_ROUNDS:
            raise call.op.unsupported(f"an LSTM with {variants[0]} of {shape[1]} steps")
        gates = variant(call, shape[2], clip)
        view = Value("float32", shape, tensor=call.shaped(x, shape))
        tensor = Steps(call, gates).sequence(view)
        outputs = call.network.builder.types[tensor].shape[-1]
        call.put(0, tensor, (*x.shape[:2], outputs))
        return
    weights = [
        [gate_weights(call, first + gate) for gate in range(4)] for first in (_INPUTS, _RECURRENT)
    ]
    units = weights[1][0].shape[0]
    for parts, inputs in zip(weights, (x.shape[2], units), strict=True):
        if any(w.shape != (units, inputs) for w in parts):
            raise call.op.damaged("its weights do not fit the input")
    wide = "int64" if x.dtype == "int16" else "int32"
    biases = [
        call.constant(_BIASES + g, "float32" if x.dtype == "float32" else wide) for g in range(4)
    ]
    if any(b.shape != (units,) for b in biases):
        raise call.op.damaged("its biases do not fit its weights")
    op: LSTM | QLSTM
    if x.dtype == "float32":
        first, second = (
            side_by_side([matched_weights(call, x, w) for w in part]) for part in weights
        )
        op = LSTM(first, second, np.concatenate(biases), clip)
    else:
        op = integer_lstm(call, x, weights, np.concatenate(biases), clip)
    out = (*x.shape[:2], units)
    call.put(0, call.emit(op, call.shaped(x, shape)), out)


def variant(call: Call, inputs: int, clip: float) -> Gates:
    """The weights of a layer that is not the plain one, checked."""
    x = Value("float32", ())

    def matrices(first: int) -> dict[int, np.ndarray]:
        given = [g for g in range(4) if call.optional(first + g) is not None]
        return {g: matched_weights(call, x, gate_weights(call, first + g)) for g in given}

    def vectors(first: int, gates: tuple[int, ...]) -> dict[int, np.ndarray]:
        given = [(g, i) for i, g in enumerate(gates) if call.optional(first + i) is not None]
        return {g: call.constant(first + i, "float32") for g, i in given}

    every = (0, 1, 2, 3)
    gates = Gates(
        matrices(_INPUTS),
        matrices(_RECURRENT),
        vectors(_BIASES, every),
        vectors(_PEEPHOLES, (0, 1, 3)),
        vectors(_NORMS, every),
        cell_clip=clip,
        projection_clip=float(call.op.options("ProjClip", 0.0)),
    )
    present = set(gates.inputs)
    units = gates.inputs[1].shape[0] if 1 in present else 0
    outputs = units
    if call.optional(_PROJECTION) is not None:
        matrix = matched_weights(call, x, gate_weights(call, _PROJECTION))
        bias = None
        if call.optional(_PROJECTION + 1) is not None:
            bias = call.constant(_PROJECTION + 1, "float32")
        outputs = len(matrix)
        fits = matrix.shape[1] == units and (bias is None or bias.shape == (outputs,))
        if not fits:
            raise call.op.damaged("its projection does not fit")
        gates = replace(gates, projection=matrix, projection_bias=bias)
    elif call.optional(_PROJECTION + 1) is not None:
        raise call.op.damaged("the bias of a projection without one")
    shapes = [w.shape == (units, inputs) for w in gates.inputs.values()]
    shapes += [w.shape == (units, outputs) for w in gates.recurrent.values()]
    small = (*gates.bias.values(), *gates.peepholes.values(), *gates.norms.values())
    shapes += [v.shape == (units,) for v in small]
    whole = present in ({0, 1, 2, 3}, {1, 2, 3}) and set(gates.recurrent) == present
    whole = whole and set(gates.bias) >= present and set(gates.norms) in (set(), present)
    if not (whole and all(shapes) and 0 <= gates.projection_clip < np.inf):
        raise call.op.damaged("its weights do not fit the input or one another")
    return gates


def gate_weights(call: Call, number: int) -> Value:
    """The weights of one gate, which have to be constants."""
    value = call.input(number, "float32", "int8")
    if value.data is None or value.rank != 2 or value.size == 0:
        raise call.op.unsupported(f"input {number} has to be a constant matrix")
    if value.dtype == "int8" and (any(value.zero_point) or len(value.scale) != 1):
        raise call.op.unsupported("weights with several scales or a zero point")
    return value


def side_by_side(parts: list[np.ndarray]) -> np.ndarray:
    """Weights ``(units, inputs)`` of each gate as one matrix with a row per input."""
    return np.ascontiguousarray(np.concatenate(parts).T)


def integer_lstm(
    call: Call, x: Value, weights: list[list[Value]], bias: np.ndarray, clip: float
) -> QLSTM:
    """As TensorFlow Lite Micro prepares it."""
    if any(w.dtype != "int8" for part in weights for w in part):
        raise call.op.unsupported("an LSTM of integers has int8 weights")
    state, cell = (call.graph.tensors[call.op.inputs[i]] for i in (18, 19))
    x_scale, x_zero = call.quant(x)
    h_scale, h_zero = call.quant(state)
    c_scale, c_zero = call.quant(cell)
    # Its output may say another scale, where it is joined with others: the reference copies the
    # state's codes into it all the same.
    fraction, exponent = np.frexp(c_scale)
    if fraction != 0.5 or c_zero or cell.type != "INT16":
        raise call.op.unsupported("the scale of its cell is no power of two")
    rescales: list[int] = []
    for gate in range(4):
        for part, scale in zip(weights, (x_scale, h_scale), strict=True):
            # The reference multiplies the two scales in float32.
            product = float(np.float32(scale) * np.float32(part[gate].scale[0]))
            rescales += quantize_multiplier(product / GATE_SCALE)
    products = (
        *quantize_multiplier(OUT_SCALE * c_scale / c_scale),
        *quantize_multiplier(OUT_SCALE * OUT_SCALE / c_scale),
        *quantize_multiplier(OUT_SCALE * OUT_SCALE / h_scale),
    )
    left = int(exponent) - 1 + 12
    if not -31 <= left <= 12:
        raise call.op.unsupported(f"a cell of scale {c_scale}")
    factor = (3 << left, 0) if left >= 0 else (3, -left)
    first, second = (side_by_side([w.data for w in part if w.data is not None]) for part in weights)
    return QLSTM(
        first,
        second,
        bias=bias,
        rescales=np.array(rescales, np.int32),
        table=numbers.sigmoid_16(),
        x_zero=x_zero,
        h_zero=h_zero,
        products=products,
        tanh_factor=factor,
        clip=int(min(clip / c_scale, 32767.0)),
        scale=h_scale,
    )


@operator("WHILE", version=1)
def while_loop(call: Call) -> None:
    """The rounds one after the other; whether there is another must not depend on a row."""
    network = call.network
    condition, body = (call.op.options(f"{name}SubgraphIndex") for name in ("Cond", "Body"))
    values = [call.input(i) for i in range(call.arity)]
    for _ in range(MAX_ROUNDS + 1):
        answers = network.run(condition, values)
        if len(answers) != 1 or answers[0].size != 1:
            raise call.op.damaged("its condition is no single value")
        go = answers[0].data
        if go is None:
            raise call.op.unsupported("a loop whose number of rounds depends on the input")
        if not go.reshape(-1)[0]:
            break
        values = network.run(body, values)
        if len(values) != call.arity:
            raise call.op.damaged("its body gives another number of values than it takes")
    else:
        raise call.op.unsupported(f"a loop of more than {MAX_ROUNDS} rounds")
    for number, value in enumerate(values[: len(call.op.outputs)]):
        call.put_value(number, value)
