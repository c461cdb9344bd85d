"""Small convolutional networks trained in NumPy and written as .tflite: what the examples share.

A network is convolutions with ReLUs and a dense layer: enough for 8x8 digits and for motion sensors
(1-D convolutions, which are 2-D ones of height one). Training takes seconds, so the examples can
do all of it: data, training, file, conversion, verification, measurement.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import edgeinfer
from edgeinfer.measurement.size import sizes


@dataclass(frozen=True)
class Conv:
    """A convolution without padding, ReLU behind it."""

    outputs: int
    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)

    def windows(self, x: np.ndarray) -> np.ndarray:
        """The values under each place of the kernel: (rows, height, width, kh, kw, channels)."""
        views = np.lib.stride_tricks.sliding_window_view(x, self.kernel, axis=(1, 2))
        views = views[:, :: self.stride[0], :: self.stride[1]]
        return views.transpose(0, 1, 2, 4, 5, 3)


class Network:
    """Convolutions, then a dense layer on all that the last one gives, then a softmax."""

    def __init__(
        self, shape: tuple[int, int, int], layers: Sequence[Conv], classes: int, seed: int = 0
    ) -> None:
        rng = np.random.default_rng(seed)
        self.shape, self.layers, self.classes = shape, list(layers), classes
        self.weights: list[np.ndarray] = []
        x = np.zeros((1, *shape), np.float32)
        self.shapes = []
        for layer in self.layers:
            taps = layer.kernel[0] * layer.kernel[1] * x.shape[-1]
            self._add(rng, taps, layer.outputs)
            windows = layer.windows(x)
            x = np.zeros((*windows.shape[:3], layer.outputs), np.float32)
            self.shapes.append(x.shape[1:])
        self._add(rng, x.size, classes)

    def _add(self, rng: np.random.Generator, inputs: int, outputs: int) -> None:
        values = rng.normal(size=(inputs, outputs)) * np.sqrt(2 / inputs)
        self.weights += [values.astype(np.float32), np.zeros(outputs, np.float32)]

    def scores(self, x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Scores of the classes, and what each layer reads (as rows of its windows)."""
        reads = []
        for layer, w, b in zip(self.layers, self.weights[::2], self.weights[1::2], strict=False):
            windows = layer.windows(x)
            rows = windows.reshape(-1, len(w))
            reads.append(rows)
            x = np.maximum(rows @ w + b, 0).reshape(*windows.shape[:3], -1)
        reads.append(x.reshape(len(x), -1))
        return reads[-1] @ self.weights[-2] + self.weights[-1], reads

    def gradients(self, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        """Of the mean cross-entropy, one array for each of `weights`."""
        scores, reads = self.scores(x)
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        p /= len(y)
        found = [p.sum(axis=0), reads[-1].T @ p]
        back = p @ self.weights[-2].T
        for k in range(len(self.layers) - 1, -1, -1):
            layer, w = self.layers[k], self.weights[2 * k]
            out = back.reshape(-1, layer.outputs)
            values = reads[k + 1] if k + 1 == len(self.layers) else self._outputs(k, reads[k])
            out = out * (values.reshape(out.shape) > 0)
            found += [out.sum(axis=0), reads[k].T @ out]
            if k:
                back = self._spread(k, out @ w.T, len(x))
        return found[::-1]

    def _outputs(self, k: int, rows: np.ndarray) -> np.ndarray:
        return rows @ self.weights[2 * k] + self.weights[2 * k + 1]

    def _spread(self, k: int, windows: np.ndarray, count: int) -> np.ndarray:
        """Gradients of windows added up where the windows overlap."""
        layer, shape = self.layers[k], self.shapes[k - 1]
        (kh, kw), (sh, sw) = layer.kernel, layer.stride
        height, width = self.shapes[k][:2]
        parts = windows.reshape(count, height, width, kh, kw, shape[2])
        total = np.zeros((count, *shape), np.float32)
        for i in range(kh):
            for j in range(kw):
                total[:, i : i + sh * height : sh, j : j + sw * width : sw] += parts[:, :, :, i, j]
        return total

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        *,
        epochs: int,
        rate: float = 2e-3,
        noise: float = 0.0,
        decay: float = 1e-4,
        seed: int = 0,
    ) -> Network:
        """Adam on batches of 32; `noise` is added to the inputs so that few rows do not matter."""
        rng = np.random.default_rng(seed)
        first = [np.zeros_like(w) for w in self.weights]
        second = [np.zeros_like(w) for w in self.weights]
        step = 0
        for epoch in range(epochs):
            pace = rate * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
            order = rng.permutation(len(X))
            for start in range(0, len(X), 32):
                part = order[start : start + 32]
                x = X[part] + noise * rng.normal(size=X[part].shape).astype(np.float32)
                step += 1
                for w, g, m, v in zip(
                    self.weights, self.gradients(x, y[part]), first, second, strict=True
                ):
                    m[:] += 0.1 * (g - m)
                    v[:] += 0.001 * (g * g - v)
                    rise = (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-7)
                    w[:] -= (pace * (rise + decay * w)).astype(np.float32)
        return self

    def write(self, path: Path) -> None:
        """The network as a .tflite file."""
        path.write_bytes(_Writer().network(self))


class _Writer:
    """One flatbuffer; see TensorFlow Lite's schema.fbs."""

    def __init__(self) -> None:
        import flatbuffers
        import tflite

        self.schema: Any = tflite
        self.out: Any = flatbuffers.Builder(1 << 16)
        self.tensors: list[int] = []
        self.buffers = [self.table("Buffer")]
        self.operators: list[int] = []
        self.codes: list[int] = []

    def table(self, kind: str, **fields: Any) -> int:
        """A table of the schema; arrays, texts and lists in it are written first."""
        placed = {name: self._placed(kind, name, value) for name, value in fields.items()}
        getattr(self.schema, f"{kind}Start")(self.out)
        for name, value in placed.items():
            getattr(self.schema, f"{kind}Add{name}")(self.out, value)
        return int(getattr(self.schema, f"{kind}End")(self.out))

    def _placed(self, kind: str, name: str, value: Any) -> Any:
        if isinstance(value, str):
            return self.out.CreateString(value)
        if isinstance(value, np.ndarray):
            return self.out.CreateNumpyVector(value)
        if isinstance(value, list):
            getattr(self.schema, f"{kind}Start{name}Vector")(self.out, len(value))
            for offset in reversed(value):
                self.out.PrependUOffsetTRelative(offset)
            return self.out.EndVector()
        return value

    def tensor(self, name: str, shape: Sequence[int], data: np.ndarray | None = None) -> int:
        """A float32 or int32 tensor, a constant if it has data."""
        buffer = 0
        kind = self.schema.TensorType.FLOAT32
        if data is not None:
            kind = self.schema.TensorType.INT32 if data.dtype == np.int32 else kind
            raw = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            buffer = len(self.buffers)
            self.buffers.append(self.table("Buffer", Data=raw))
        extent = np.array(shape, np.int32)
        self.tensors.append(self.table("Tensor", Shape=extent, Type=kind, Buffer=buffer, Name=name))
        return len(self.tensors) - 1

    def operator(
        self, name: str, inputs: list[int], output: int, options: str, **fields: Any
    ) -> int:
        """An operator; returns its output."""
        code = getattr(self.schema.BuiltinOperator, name)
        self.codes.append(
            self.table("OperatorCode", DeprecatedBuiltinCode=code, BuiltinCode=code, Version=1)
        )
        self.operators.append(
            self.table(
                "Operator",
                OpcodeIndex=len(self.codes) - 1,
                Inputs=np.array(inputs, np.int32),
                Outputs=np.array([output], np.int32),
                BuiltinOptionsType=getattr(self.schema.BuiltinOptions, options),
                BuiltinOptions=self.table(options, **fields),
            )
        )
        return output

    def network(self, network: Network) -> bytes:
        """The file of a network."""
        valid, relu = self.schema.Padding.VALID, self.schema.ActivationFunctionType.RELU
        start = x = self.tensor("input", (1, *network.shape))
        channels = network.shape[2]
        for k, layer in enumerate(network.layers):
            w, b = network.weights[2 * k : 2 * k + 2]
            kernel = w.reshape(*layer.kernel, channels, layer.outputs).transpose(3, 0, 1, 2)
            inputs = [x, self.tensor(f"weights_{k}", kernel.shape, kernel)]
            inputs.append(self.tensor(f"bias_{k}", b.shape, b))
            x = self.operator(
                "CONV_2D",
                inputs,
                self.tensor(f"conv_{k}", (1, *network.shapes[k])),
                "Conv2DOptions",
                Padding=valid,
                StrideH=layer.stride[0],
                StrideW=layer.stride[1],
                FusedActivationFunction=relu,
            )
            channels = layer.outputs
        w, b = network.weights[-2:]
        shape = np.array([1, len(w)], np.int32)
        flat = self.tensor("flat", (1, len(w)))
        x = self.operator("RESHAPE", [x, self.tensor("shape", (2,), shape)], flat, "ReshapeOptions")
        inputs = [x, self.tensor("weights", w.T.shape, w.T), self.tensor("bias", b.shape, b)]
        scores = self.tensor("scores", (1, network.classes))
        x = self.operator("FULLY_CONNECTED", inputs, scores, "FullyConnectedOptions")
        answer = self.tensor("probabilities", (1, network.classes))
        x = self.operator("SOFTMAX", [x], answer, "SoftmaxOptions", Beta=1.0)
        graph = self.table(
            "SubGraph",
            Tensors=self.tensors,
            Inputs=np.array([start], np.int32),
            Outputs=np.array([x], np.int32),
            Operators=self.operators,
        )
        model = self.table(
            "Model",
            Version=3,
            OperatorCodes=self.codes,
            Subgraphs=[graph],
            Buffers=self.buffers,
        )
        self.out.Finish(model, b"TFL3")
        return bytes(self.out.Output())


def compare(
    title: str,
    network: Network,
    path: Path,
    train: np.ndarray,
    test: tuple[np.ndarray, np.ndarray],
    *,
    tolerance: float = 0.03,
) -> list[str]:
    """Print the network in float32, int16 and int8 side by side; what broke a promise.

    The promise: float32 answers as the network that was trained, integers lose at most `tolerance`
    of accuracy.
    """
    X, y = test
    models = {"float32": edgeinfer.convert(path)}
    for precision in ("int16", "int8"):
        models[precision] = edgeinfer.convert(
            path, precision=precision, calibration=train, ranges="mse"
        )
    table = Table(box=None, title=title)
    for name in (
        "precision",
        "accuracy",
        "agreement",
        "one row",
        "parameters",
        "arena",
        "worst layer",
    ):
        table.add_column(name, justify="left" if name == "precision" else "right")
    want = models["float32"].predict_classes(X)
    exact = float((want == y).mean())
    problems = []
    scores = network.scores(X)[0].astype(np.float64)
    trained = np.exp(scores - scores.max(axis=1, keepdims=True))
    trained /= trained.sum(axis=1, keepdims=True)
    error = float(np.abs(models["float32"].predict(X) - trained).max())
    if not error < 1e-5:
        problems.append(f"{title}: float32 differs from the trained network by {error:.2g}")
    for precision, model in models.items():
        answer = model.predict_classes(X)
        accuracy = float((answer == y).mean())
        if accuracy < exact - tolerance:
            problems.append(f"{title}, {precision}: accuracy {accuracy:.3f}, not {exact:.3f}")
        arena = sizes(model, "run").row_arena_bytes
        constants = (c for node in model.graph.nodes for c in node.op.constants().values())
        parameters = sum(c.nbytes for c in constants)
        layers = model.report.get("layers", [])
        worst = min(layers, key=lambda line: line["sqnr"], default=None)
        table.add_row(
            precision,
            f"{100 * accuracy:.1f} %",
            f"{100 * float((answer == want).mean()):.1f} %",
            f"{microseconds(model, X):.1f} us",
            f"{parameters / 1024:.1f} kB",
            f"{arena / 1024:.1f} kB",
            f"{worst['name']} {worst['sqnr']:.0f} dB" if worst else "-",
        )
    Console(width=120).print(table)
    return problems


def microseconds(model: edgeinfer.Model, X: np.ndarray, calls: int = 200) -> float:
    """The fastest of some calls with one row."""
    ((name, kind),) = model.inputs.items()
    row = np.zeros((1, *kind.shape), kind.dtype)
    best = float("inf")
    for _ in range(calls):
        start = time.perf_counter()
        model.run({name: row})
        best = min(best, time.perf_counter() - start)
    return best * 1e6
