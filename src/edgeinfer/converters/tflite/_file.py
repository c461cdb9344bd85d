"""The .tflite container: flatbuffers read into plain, checked Python objects.

Nothing in the file is believed. The flatbuffers package reads fields in Python, so a damaged
offset raises or gives a wrong number, never a crash; what comes out is checked here once
(indices, counts, sizes against the buffers), so that converters need not.
"""

from __future__ import annotations

import importlib
import struct
from collections.abc import Callable
from functools import lru_cache
from math import prod
from types import ModuleType
from typing import Any

import numpy as np

from edgeinfer.converters.tflite._sparse import Sparsity, read_sparsity
from edgeinfer.errors import EdgeInferError, FormatError, MissingExtraError
from edgeinfer.graph import MAX_ROW_ELEMENTS
from edgeinfer.operators import OperatorInfo, Subgraph, TensorInfo

MAX_FILE = 1 << 31
MAX_RANK = 8

# What the file calls a type -> how it is stored. Types that are not here are named in errors.
MAX_EXPANDED_BYTES = 1 << 28

DTYPES = {
    "FLOAT32": "float32",
    "FLOAT16": "float16",
    "INT32": "int32",
    "INT64": "int64",
    "INT16": "int16",
    "INT8": "int8",
    "UINT8": "uint8",
    "BOOL": "bool",
    "INT4": "int4",
    "COMPLEX64": "complex64",
}


def read_file(data: bytes) -> tuple[Subgraph, ...]:
    """The subgraphs of a .tflite file.

    Raises FormatError for a damaged file, MissingExtraError without the package `tflite`.
    """
    schema = _schema()
    if len(data) < 32 or data[4:8] != b"TFL3":
        raise FormatError("not a .tflite file (its identifier TFL3 is missing)")
    if len(data) > MAX_FILE:
        raise FormatError("a .tflite file of more than 2 GB")
    try:
        return _Reader(schema, data).subgraphs()
    except EdgeInferError:
        raise
    except (
        struct.error,
        IndexError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        OverflowError,
        MemoryError,
        RecursionError,
    ) as err:
        raise FormatError(f"a damaged .tflite file ({type(err).__name__}: {err})") from err


def _schema() -> ModuleType:
    try:
        return importlib.import_module("tflite")
    except ImportError as err:
        raise MissingExtraError("tflite", "tflite", "reading a .tflite file") from err


@lru_cache(maxsize=8)
def _names(enumeration: type) -> dict[int, str]:
    """Number -> name of a schema's enumeration."""
    return {v: k for k, v in vars(enumeration).items() if isinstance(v, int)}


class _Reader:
    def __init__(self, schema: ModuleType, data: bytes) -> None:
        self.schema = schema
        self.data = data
        self.model = schema.Model.GetRootAs(data, 0)
        self.operator_names = _names(schema.BuiltinOperator)
        self.option_names = _names(schema.BuiltinOptions)
        self.type_names = _names(schema.TensorType)
        self.expanded = 0
        """Bytes of sparse constants so far."""

    def count(self, number: int, what: str) -> range:
        """`range(number)`, refusing counts that the file could not hold."""
        if not 0 <= number <= len(self.data) // 4:
            raise FormatError(f"{number} {what}: the file is damaged")
        return range(number)

    def integers(self, length: Callable[[], int], item: Callable[[int], int]) -> tuple[int, ...]:
        return tuple(int(item(i)) for i in self.count(length(), "entries of a vector"))

    def subgraphs(self) -> tuple[Subgraph, ...]:
        version = self.model.Version()
        if version != 3:
            raise FormatError(f"schema version {version}, not 3")
        codes = [self._code(i) for i in self.count(self.model.OperatorCodesLength(), "operators")]
        buffers = self.count(self.model.BuffersLength(), "buffers")
        number = self.model.SubgraphsLength()
        if not number:
            raise FormatError("the file has no network in it")
        return tuple(
            self._subgraph(self.model.Subgraphs(i), i, codes, len(buffers))
            for i in self.count(number, "subgraphs")
        )

    def _code(self, index: int) -> tuple[str, int]:
        entry = self.model.OperatorCodes(index)
        number = max(entry.BuiltinCode(), entry.DeprecatedBuiltinCode())
        name = self.operator_names.get(number, f"operator {number}")
        if name == "CUSTOM":
            custom = entry.CustomCode()
            name = f"CUSTOM {custom.decode('utf-8', 'replace') if custom else '?'}"
        return name, entry.Version()

    def _subgraph(
        self, entry: Any, number: int, codes: list[tuple[str, int]], buffers: int
    ) -> Subgraph:
        tensors = tuple(
            self._tensor(entry.Tensors(i), f"tensor {i} of subgraph {number}", buffers)
            for i in self.count(entry.TensorsLength(), "tensors")
        )

        def indices(length: Callable[[], int], item: Callable[[int], int], optional: bool) -> Any:
            found = self.integers(length, item)
            low = -1 if optional else 0
            if not all(low <= i < len(tensors) for i in found):
                raise FormatError(f"subgraph {number} refers to a tensor that is not there")
            return found

        operators = []
        for i in self.count(entry.OperatorsLength(), "operators"):
            op = entry.Operators(i)
            code = op.OpcodeIndex()
            if not 0 <= code < len(codes):
                raise FormatError(f"operator {i} has the unknown code {code}")
            name, version = codes[code]
            operators.append(
                OperatorInfo(
                    name,
                    version,
                    f"operator {i} of subgraph {number}" if number else f"operator {i}",
                    indices(op.InputsLength, op.Inputs, True),
                    indices(op.OutputsLength, op.Outputs, False),
                    self._options(op),
                )
            )
        return Subgraph(
            tensors,
            indices(entry.InputsLength, entry.Inputs, False),
            indices(entry.OutputsLength, entry.Outputs, False),
            tuple(operators),
        )

    def _options(self, op: Any) -> Callable[..., Any]:
        """A function that reads a field of the operator's options by name."""
        table = op.BuiltinOptions()
        name = self.option_names.get(op.BuiltinOptionsType())
        if table is None or name in (None, "NONE"):
            return lambda field, default=0, missing=None: default
        options = getattr(self.schema, str(name))()
        options.Init(table.Bytes, table.Pos)

        def read(field: str, default: Any = 0, missing: Any = None) -> Any:
            getter = getattr(options, field, None)
            if getter is None:
                if missing is not None:
                    return missing
                raise FormatError(f"options of type {name} where {field} was expected")
            try:
                return getter()
            except (struct.error, IndexError, ValueError, TypeError) as err:
                raise FormatError(f"damaged options ({name}.{field}: {err})") from err

        return read

    def _tensor(self, entry: Any, where: str, buffers: int) -> TensorInfo:
        name = entry.Name() or b""
        type_name = self.type_names.get(entry.Type(), f"type {entry.Type()}")
        shape = self.integers(entry.ShapeLength, entry.Shape)
        signature = self.integers(entry.ShapeSignatureLength, entry.ShapeSignature)
        if len(shape) > MAX_RANK or not all(n >= 0 for n in shape):
            raise FormatError(f"{where} has the impossible shape {list(shape)}")
        if prod(shape) > MAX_ROW_ELEMENTS:
            raise FormatError(f"{where} has {prod(shape)} values, too many")
        if len(signature) not in (0, len(shape)):
            raise FormatError(f"{where} has a signature of another rank than its shape")
        scale: tuple[float, ...] = ()
        zero_point: tuple[int, ...] = ()
        axis = 0
        q = entry.Quantization()
        if q is not None and q.ScaleLength():
            scale = tuple(float(q.Scale(i)) for i in self.count(q.ScaleLength(), "scales"))
            zero_point = self.integers(q.ZeroPointLength, q.ZeroPoint) or (0,) * len(scale)
            axis = q.QuantizedDimension()
            if len(zero_point) == 1 and len(scale) > 1:
                zero_point *= len(scale)
            if len(zero_point) != len(scale):
                raise FormatError(f"{where} has {len(scale)} scales, {len(zero_point)} zero points")
            if not all(0 < s < np.inf for s in scale):
                raise FormatError(f"{where} has a scale that is not a positive number")
            if not all(-(1 << 31) <= z < 1 << 31 for z in zero_point):
                raise FormatError(f"{where} has a zero point out of range")
            if len(scale) > 1 and not (0 <= axis < len(shape) and shape[axis] == len(scale)):
                raise FormatError(f"{where} has {len(scale)} scales along axis {axis}")
        buffer = entry.Buffer()
        if not 0 <= buffer < max(buffers, 1):
            raise FormatError(f"{where} refers to buffer {buffer}, which is not there")
        sparse = entry.Sparsity()
        how = None if sparse is None else read_sparsity(self.schema, sparse, where)
        data = self._data(buffer, type_name, shape, how, where) if buffers else None
        return TensorInfo(
            name.decode("utf-8", "replace"),
            type_name,
            shape,
            signature,
            scale,
            zero_point,
            axis,
            data,
        )

    def _data(
        self,
        index: int,
        type_name: str,
        shape: tuple[int, ...],
        sparsity: Sparsity | None,
        where: str,
    ) -> np.ndarray | None:
        """The constant in buffer `index`; None where the buffer is empty: an activation."""
        buffer = self.model.Buffers(index)
        length = buffer.DataLength()
        if buffer.Offset() > 1:  # a large model: its data lies behind the flatbuffer
            first, length = buffer.Offset(), buffer.Size()
            if first + length > len(self.data):
                raise FormatError(f"{where}: its buffer lies outside the file")
            raw = np.frombuffer(self.data, np.uint8, length, first)
        elif length:
            raw = buffer.DataAsNumpy()
        elif 0 in shape:  # a constant without values, such as the shape of a scalar
            raw = np.empty(0, np.uint8)
        else:
            return None
        if type_name not in DTYPES:
            return None
        count = prod(shape)
        if type_name == "INT4":
            return _unpack_int4(raw, count, where).reshape(shape)
        dtype = np.dtype(DTYPES[type_name])
        if sparsity is not None:
            if raw.size % dtype.itemsize:
                raise FormatError(f"{where} has {raw.size} bytes, no whole number of {type_name}")
            self.expanded += count * dtype.itemsize
            if self.expanded > MAX_EXPANDED_BYTES:
                raise FormatError("the network's sparse constants take too much memory")
            return sparsity.expand(np.frombuffer(raw.tobytes(), dtype), shape, where)
        if raw.size != count * dtype.itemsize:
            raise FormatError(f"{where} has {raw.size} bytes for {count} values of {type_name}")
        # A copy: constants outlive the file's bytes, and have to be aligned.
        values = np.frombuffer(raw.tobytes(), np.uint8 if type_name == "BOOL" else dtype)
        return values.reshape(shape)


def _unpack_int4(raw: np.ndarray, count: int, where: str) -> np.ndarray:
    """Two values a byte, the first in the low half, as int8."""
    if raw.size != (count + 1) // 2:
        raise FormatError(f"{where} has {raw.size} bytes for {count} values of INT4")
    pairs = raw.astype(np.int8)
    low = (pairs << 4).astype(np.int8) >> 4
    return np.stack([low, pairs >> 4], axis=1).reshape(-1)[:count].astype(np.int8)
