"""The .edge file: safetensors whose metadata holds the graph as JSON.

A file is data, never code, and is believed in nothing: the container is checked here (sizes,
offsets, dtypes), every value by the op it belongs to. What is accepted cannot make a kernel read
outside its arrays. Weights are mapped from the file, not copied; so a file must not be changed in
place while a model loaded from it lives (`save` never does: it writes a new file and renames it).
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Mapping
from dataclasses import asdict
from math import prod
from typing import Any

import numpy as np

from edgeinfer.errors import EdgeInferError, FormatError
from edgeinfer.graph import Graph, Info, Method, Node, Option, QParams, TensorType
from edgeinfer.ops import op_from_data

SCHEMA = 1
MAX_HEADER = 1 << 28
MAX_NODES = 10_000
MAX_LABEL_BYTES = 1 << 26

# safetensors' names of the dtypes that constants may have.
DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
}


def dump_bytes(graph: Graph) -> bytes:
    """The graph as the bytes of a .edge file."""
    from safetensors.numpy import save

    tensors = {
        f"n{i}.{name}": np.ascontiguousarray(constant)
        for i, node in enumerate(graph.nodes)
        for name, constant in node.op.constants().items()
    }
    document = {
        "schema": SCHEMA,
        "inputs": {name: _type_to_json(t) for name, t in graph.inputs.items()},
        "nodes": [
            {
                "op": node.op.kind,
                "inputs": node.inputs,
                "outputs": node.outputs,
                "attributes": node.op.attributes(),
            }
            for node in graph.nodes
        ],
        "methods": {name: asdict(method) for name, method in graph.methods.items()},
        "labels": [_labels_to_json(table) for table in graph.labels],
        "info": asdict(graph.info),
    }
    return save(tensors, metadata={"edgeinfer": json.dumps(document)})


def save_graph(graph: Graph, path: str | os.PathLike[str]) -> None:
    """Write a .edge file; a reader sees the old file or the whole new one, nothing between."""
    import tempfile  # not needed by those who only load

    path = os.fspath(path)
    data = dump_bytes(graph)
    folder = os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".edge-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def load_graph(path: str | os.PathLike[str]) -> Graph:
    """Read a .edge file, its weights mapped.

    Raises FormatError for anything but a sound file, FileNotFoundError if there is none.
    """
    with open(path, "rb") as stream:
        if os.fstat(stream.fileno()).st_size == 0:
            raise FormatError(f"{os.fspath(path)} is empty")
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        return load_bytes(mapped)
    except FormatError as err:
        raise FormatError(f"{os.fspath(path)}: {err}") from err


def load_bytes(data: bytes | mmap.mmap) -> Graph:
    """The graph in the bytes of a .edge file; its constants are views of `data`."""
    try:
        document, tensors = _container(data)
        return _graph(document, tensors)
    except FormatError:
        raise
    except EdgeInferError as err:
        raise FormatError(f"not a sound model: {err}") from err
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as err:
        raise FormatError(f"not a sound model: {type(err).__name__}: {err}") from err
    except RecursionError as err:
        raise FormatError("not a sound model: nested too deeply") from err


def _container(data: bytes | mmap.mmap) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The JSON document and the named arrays of a safetensors file."""
    size = len(data)
    if size < 8:
        raise FormatError("too short for a model file")
    header_size = int.from_bytes(data[:8], "little")
    if header_size > min(MAX_HEADER, size - 8):
        raise FormatError("the header is longer than the file: not a model file, or truncated")
    header = json.loads(data[8 : 8 + header_size].decode("utf-8"))
    start = 8 + header_size
    body = size - start
    metadata = header.pop("__metadata__", {})
    if "edgeinfer" not in metadata:
        raise FormatError("a safetensors file, but not one that edgeinfer wrote")
    tensors = {}
    covered = 0
    # Tensors have to tile the body exactly, as safetensors has it: no gap, no overlap.
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        dtype = np.dtype(DTYPES[entry["dtype"]])
        shape = entry["shape"]
        first, last = entry["data_offsets"]
        if not all(type(n) is int and n >= 0 for n in (*shape, first, last)) or len(shape) > 8:
            raise FormatError(f"tensor {name!r} has an impossible shape or place")
        count = prod(shape)
        if first != covered or last > body or last - first != count * dtype.itemsize:
            raise FormatError(f"tensor {name!r} does not fit its place in the file")
        covered = last
        flat = np.frombuffer(data, dtype, count, start + first) if count else np.empty(0, dtype)
        tensors[name] = flat.reshape(shape)
    if covered != body:
        raise FormatError(f"{body - covered} bytes of the file belong to no tensor")
    return json.loads(metadata["edgeinfer"]), tensors


def _graph(document: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> Graph:
    schema = document["schema"]
    if schema != SCHEMA:
        raise FormatError(
            f"the file has schema {schema!r}, this version of edgeinfer reads schema {SCHEMA}; "
            "use the version that wrote it, or convert the model again"
        )
    entries = document["nodes"]
    if len(entries) > MAX_NODES:
        raise FormatError("too many nodes")
    constants: dict[str, dict[str, np.ndarray]] = {}
    for name, tensor in tensors.items():
        owner, _, field = name.partition(".")
        constants.setdefault(owner, {})[field] = tensor
    nodes = []
    for i, entry in enumerate(entries):
        op = op_from_data(entry["op"], entry["attributes"], constants.pop(f"n{i}", {}))
        nodes.append(Node(op, _names(entry["inputs"]), _names(entry["outputs"])))
    if constants:
        raise FormatError(f"constants of nodes that are not there: {', '.join(constants)}")
    return Graph(
        {_name(name): _type_from_json(t) for name, t in document["inputs"].items()},
        tuple(nodes),
        {_name(name): _method_from_json(m) for name, m in document["methods"].items()},
        tuple(_labels_from_json(table) for table in document["labels"]),
        _info_from_json(document["info"]),
    )


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise FormatError(f"{value!r} is not a name")
    return value


def _names(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise FormatError("names have to be a list")
    return tuple(_name(value) for value in values)


def _integers(values: Any) -> tuple[int, ...]:
    if not isinstance(values, list) or not all(type(v) is int and abs(v) < 1 << 31 for v in values):
        raise FormatError("expected a list of integers")
    return tuple(values)


def _type_to_json(tensor: TensorType) -> dict[str, Any]:
    qparams = asdict(tensor.qparams) if tensor.qparams else None
    return {"dtype": tensor.dtype, "shape": tensor.shape, "qparams": qparams}


def _type_from_json(value: Mapping[str, Any]) -> TensorType:
    q = value["qparams"]
    qparams = None
    if q is not None:
        qparams = QParams(tuple(float(s) for s in q["scale"]), _integers(q["zero_point"]))
    return TensorType(_name(value["dtype"]), _integers(value["shape"]), qparams)


def _method_from_json(value: Mapping[str, Any]) -> Method:
    options = value.get("options", [])
    if not isinstance(options, list):
        raise FormatError("the options of a method have to be a list")
    return Method(
        _names(value["tensors"]),
        _name(value["layout"]),
        _integers(value["labels"]),
        tuple(Option(_name(o["name"]), _name(o["tensor"]), str(o["attribute"])) for o in options),
    )


def _labels_to_json(labels: np.ndarray) -> dict[str, Any]:
    """Labels are numbers, booleans or strings; `kind` brings the dtype back."""
    kind = labels.dtype.str if labels.dtype.kind in "biufU" else "object"
    values = labels.tolist()
    if not all(isinstance(v, (bool, int, float, str)) for v in values):
        raise FormatError("class labels have to be numbers, booleans or strings")
    return {"kind": kind, "values": values}


def _labels_from_json(value: Mapping[str, Any]) -> np.ndarray:
    values = value["values"]
    if not isinstance(values, list) or not values:
        raise FormatError("a label table has to be a list of labels")
    if not all(isinstance(v, (bool, int, float, str)) for v in values):
        raise FormatError("class labels have to be numbers, booleans or strings")
    kind = _name(value["kind"])
    if kind == "object":
        labels = np.empty(len(values), dtype=object)
        labels[:] = values
        return labels
    dtype = np.dtype(kind)
    if dtype.kind not in "biufU":
        raise FormatError(f"labels cannot have dtype {kind}")
    if dtype.itemsize * len(values) > MAX_LABEL_BYTES:
        raise FormatError(f"{len(values)} labels of {dtype.itemsize} bytes are too many")
    return np.array(values, dtype=dtype)


def _info_from_json(value: Mapping[str, Any]) -> Info:
    names, classes = value["feature_names"], value["classes"]
    by_name = value["read_by_name"]
    report = value["report"]
    if not isinstance(report, dict):
        raise FormatError("the report has to be an object")
    origins = value["origins"]
    if not isinstance(origins, dict):
        raise FormatError("the origins have to be an object")
    return Info(
        estimator=str(value["estimator"]),
        library=str(value["library"]),
        precision=_name(value["precision"]),
        feature_names=None if names is None else tuple(str(n) for n in names),
        read_by_name=None if by_name is None else _integers(by_name),
        classes=None if classes is None else _integers(classes),
        classes_as_list=bool(value["classes_as_list"]),
        report=report,
        origins={_name(new): _name(old) for new, old in origins.items()},
    )
