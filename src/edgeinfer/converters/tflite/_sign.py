"""Signs of floats."""

from __future__ import annotations

import numpy as np

from edgeinfer.converters.tflite._common import broadcast
from edgeinfer.converters.tflite._network import Call, Value, operator, row_shape
from edgeinfer.ops import Binary, Compare, Convert


@operator("SIGN", version=2)
def sign(call: Call) -> None:
    """1 above zero, -1 below, 0 at zero."""
    x = call.input(0, "float32")
    tensor = call.tensor(x)
    zeros = broadcast(call, Value("float32", (), data=np.zeros((), np.float32)), x.shape)
    zeros = call.network.reshape(zeros, row_shape(x.shape))
    above, below = (
        call.emit(Convert("float32"), call.emit(Compare(fn), tensor, zeros)) for fn in ("gt", "lt")
    )
    call.put(0, call.emit(Binary("sub"), above, below), x.shape)
