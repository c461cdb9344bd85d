"""Writes small .tflite files, for tests: tensors, operators over them, one subgraph."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
import tflite

TYPES = {
    "float32": tflite.TensorType.FLOAT32,
    "float16": tflite.TensorType.FLOAT16,
    "int8": tflite.TensorType.INT8,
    "int16": tflite.TensorType.INT16,
    "uint8": tflite.TensorType.UINT8,
    "int32": tflite.TensorType.INT32,
    "int64": tflite.TensorType.INT64,
    "bool": tflite.TensorType.BOOL,
    "complex64": tflite.TensorType.COMPLEX64,
}


class NetworkBuilder:
    """Collects tensors and operators; `build` gives the bytes of the file."""

    def __init__(self) -> None:
        self.tensors: list[dict[str, Any]] = []
        self.operators: list[dict[str, Any]] = []

    def tensor(
        self,
        dtype: str,
        shape: tuple[int, ...],
        scale: float | np.ndarray | None = None,
        zero: int = 0,
        *,
        data: np.ndarray | None = None,
        axis: int = 0,
        sparsity: tuple[Any, ...] | None = None,
        variable: bool = False,
    ) -> int:
        """Add a tensor, a constant if there is `data`; returns its index.

        `sparsity`: the traversal order, the dimensions cut into blocks, and per level of the walk
        its size or a pair of arrays (starts, places); `data` then has only the present values.
        """
        scales = None if scale is None else np.atleast_1d(np.asarray(scale, np.float32))
        self.tensors.append(
            {
                "dtype": dtype,
                "shape": shape,
                "scale": scales,
                "zero": zero,
                "data": data,
                "axis": axis,
                "sparsity": sparsity,
                "variable": variable,
            }
        )
        return len(self.tensors) - 1

    def constant(self, data: np.ndarray, **quantization: Any) -> int:
        """Add a constant."""
        return self.tensor(data.dtype.name, data.shape, data=data, **quantization)

    def operator(
        self,
        name: str,
        inputs: list[int],
        outputs: list[int],
        options: str = "",
        **fields: Any,
    ) -> None:
        """Add an operator; `fields` are those of its options table, `options` that table's name."""
        self.operators.append(
            {
                "name": name,
                "inputs": inputs,
                "outputs": outputs,
                "options": options,
                "fields": fields,
            }
        )

    def build(
        self,
        inputs: list[int],
        outputs: list[int],
        *called: tuple[NetworkBuilder, list[int], list[int]],
    ) -> bytes:
        """The file; `called` are further subgraphs with their inputs and outputs."""
        b = flatbuffers.Builder(1024)
        buffers = [self._buffer(b, None)]
        parts = ((self, inputs, outputs), *called)
        names = sorted({op["name"] for part, _, _ in parts for op in part.operators})
        codes = [self._code(b, name) for name in names]
        graphs = []
        for part, reads, writes in parts:
            tensors = []
            for number, tensor in enumerate(part.tensors):
                index = 0
                if tensor["data"] is not None:
                    index = len(buffers)
                    buffers.append(self._buffer(b, tensor["data"]))
                tensors.append(self._tensor(b, tensor, f"tensor_{number}", index))
            operators = [self._operator(b, op, names.index(op["name"])) for op in part.operators]
            graphs.append(self._subgraph(b, tensors, reads, writes, operators))
        codes_vector = _offsets(b, tflite.ModelStartOperatorCodesVector, codes)
        graphs_vector = _offsets(b, tflite.ModelStartSubgraphsVector, graphs)
        buffers_vector = _offsets(b, tflite.ModelStartBuffersVector, buffers)
        tflite.ModelStart(b)
        tflite.ModelAddVersion(b, 3)
        tflite.ModelAddOperatorCodes(b, codes_vector)
        tflite.ModelAddSubgraphs(b, graphs_vector)
        tflite.ModelAddBuffers(b, buffers_vector)
        b.Finish(tflite.ModelEnd(b), b"TFL3")
        return bytes(b.Output())

    @staticmethod
    def _buffer(b: flatbuffers.Builder, data: np.ndarray | None) -> int:
        vector = None
        if data is not None:
            raw = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            vector = b.CreateByteVector(raw.tobytes())
        tflite.BufferStart(b)
        if vector is not None:
            tflite.BufferAddData(b, vector)
        return int(tflite.BufferEnd(b))

    @staticmethod
    def _tensor(b: flatbuffers.Builder, tensor: dict[str, Any], name: str, buffer: int) -> int:
        text = b.CreateString(name)
        shape = b.CreateNumpyVector(np.array(tensor["shape"], np.int32))
        quantization = None
        if tensor["scale"] is not None:
            scale = b.CreateNumpyVector(tensor["scale"])
            zeros = np.full(len(tensor["scale"]), tensor["zero"], np.int64)
            zero = b.CreateNumpyVector(zeros)
            tflite.QuantizationParametersStart(b)
            tflite.QuantizationParametersAddScale(b, scale)
            tflite.QuantizationParametersAddZeroPoint(b, zero)
            tflite.QuantizationParametersAddQuantizedDimension(b, tensor["axis"])
            quantization = tflite.QuantizationParametersEnd(b)
        sparsity = None if tensor["sparsity"] is None else _sparsity(b, *tensor["sparsity"])
        tflite.TensorStart(b)
        tflite.TensorAddShape(b, shape)
        tflite.TensorAddType(b, TYPES[tensor["dtype"]])
        tflite.TensorAddBuffer(b, buffer)
        tflite.TensorAddName(b, text)
        tflite.TensorAddIsVariable(b, tensor["variable"])
        if quantization is not None:
            tflite.TensorAddQuantization(b, quantization)
        if sparsity is not None:
            tflite.TensorAddSparsity(b, sparsity)
        return int(tflite.TensorEnd(b))

    @staticmethod
    def _code(b: flatbuffers.Builder, name: str) -> int:
        number = getattr(tflite.BuiltinOperator, name)
        tflite.OperatorCodeStart(b)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(b, min(number, 127))
        tflite.OperatorCodeAddBuiltinCode(b, number)
        tflite.OperatorCodeAddVersion(b, 1)
        return int(tflite.OperatorCodeEnd(b))

    @staticmethod
    def _operator(b: flatbuffers.Builder, op: dict[str, Any], code: int) -> int:
        inputs = b.CreateNumpyVector(np.array(op["inputs"], np.int32))
        outputs = b.CreateNumpyVector(np.array(op["outputs"], np.int32))
        options = None
        table = op["options"]
        if table:
            vectors = {
                name: b.CreateNumpyVector(np.asarray(value, np.int32))
                for name, value in op["fields"].items()
                if isinstance(value, (list, tuple, np.ndarray))
            }
            getattr(tflite, f"{table}Start")(b)
            for name, value in op["fields"].items():
                getattr(tflite, f"{table}Add{name}")(b, vectors.get(name, value))
            options = getattr(tflite, f"{table}End")(b)
        tflite.OperatorStart(b)
        tflite.OperatorAddOpcodeIndex(b, code)
        tflite.OperatorAddInputs(b, inputs)
        tflite.OperatorAddOutputs(b, outputs)
        if options is not None:
            tflite.OperatorAddBuiltinOptionsType(b, getattr(tflite.BuiltinOptions, table))
            tflite.OperatorAddBuiltinOptions(b, options)
        return int(tflite.OperatorEnd(b))

    @staticmethod
    def _subgraph(
        b: flatbuffers.Builder,
        tensors: list[int],
        inputs: list[int],
        outputs: list[int],
        operators: list[int],
    ) -> int:
        tensors_vector = _offsets(b, tflite.SubGraphStartTensorsVector, tensors)
        operators_vector = _offsets(b, tflite.SubGraphStartOperatorsVector, operators)
        inputs_vector = b.CreateNumpyVector(np.array(inputs, np.int32))
        outputs_vector = b.CreateNumpyVector(np.array(outputs, np.int32))
        tflite.SubGraphStart(b)
        tflite.SubGraphAddTensors(b, tensors_vector)
        tflite.SubGraphAddInputs(b, inputs_vector)
        tflite.SubGraphAddOutputs(b, outputs_vector)
        tflite.SubGraphAddOperators(b, operators_vector)
        return int(tflite.SubGraphEnd(b))


def _sparsity(b: flatbuffers.Builder, order: Any, blocked: Any, levels: Any) -> int:
    dimensions = []
    for level in levels:
        lists = []
        for values in () if isinstance(level, int) else level:
            vector = b.CreateNumpyVector(np.asarray(values, np.int32))
            tflite.Int32VectorStart(b)
            tflite.Int32VectorAddValues(b, vector)
            lists.append(tflite.Int32VectorEnd(b))
        tflite.DimensionMetadataStart(b)
        if lists:
            tflite.DimensionMetadataAddFormat(b, tflite.DimensionType.SPARSE_CSR)
            tflite.DimensionMetadataAddArraySegmentsType(b, tflite.SparseIndexVector.Int32Vector)
            tflite.DimensionMetadataAddArraySegments(b, lists[0])
            tflite.DimensionMetadataAddArrayIndicesType(b, tflite.SparseIndexVector.Int32Vector)
            tflite.DimensionMetadataAddArrayIndices(b, lists[1])
        else:
            tflite.DimensionMetadataAddDenseSize(b, level)
        dimensions.append(tflite.DimensionMetadataEnd(b))
    entries = _offsets(b, tflite.SparsityParametersStartDimMetadataVector, dimensions)
    walk = b.CreateNumpyVector(np.asarray(order, np.int32))
    cuts = b.CreateNumpyVector(np.asarray(blocked, np.int32))
    tflite.SparsityParametersStart(b)
    tflite.SparsityParametersAddTraversalOrder(b, walk)
    tflite.SparsityParametersAddBlockMap(b, cuts)
    tflite.SparsityParametersAddDimMetadata(b, entries)
    return int(tflite.SparsityParametersEnd(b))


def _offsets(b: flatbuffers.Builder, start: Any, entries: list[int]) -> int:
    start(b, len(entries))
    for entry in reversed(entries):
        b.PrependUOffsetTRelative(entry)
    return int(b.EndVector())
