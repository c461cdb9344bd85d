"""What an op is: fields, types, reference, cost and lowering, all in one class."""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, cast

import numpy as np

from edgeinfer.errors import GraphError
from edgeinfer.graph import TensorType
from edgeinfer.target import Target

OPS: dict[str, type[Op]] = {}

EVERY_COLUMN = -1
"""In `Op.thresholds`: the same values for each column, however many there are."""

# How a field of a parameter block is stored; "ptr" points at the first element of an array.
CTYPES = {"i32": "i4", "i64": "i8", "f32": "f4", "f64": "f8", "ptr": "u8"}


@dataclass(frozen=True)
class Cost:
    """What one row costs: multiply-accumulates (or comparisons), and bytes of parameters read."""

    macs: float = 0.0
    param_bytes: float = 0.0


@dataclass(frozen=True)
class Block:
    """A kernel's parameters: the C struct's name and its fields in the order it declares them."""

    struct: str
    fields: tuple[tuple[str, str, Any], ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The struct as an aligned NumPy dtype, laid out as a C compiler lays it out."""
        return np.dtype([(name, CTYPES[ctype]) for name, ctype, _ in self.fields], align=True)

    def arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        """The arrays that pointer fields point at."""
        for name, ctype, value in self.fields:
            if ctype == "ptr" and value is not None:
                yield name, value

    def pack(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """The block as bytes, and the arrays that have to live as long as it does."""
        packed = np.zeros(1, self.dtype)
        keep = []
        for name, ctype, value in self.fields:
            if ctype != "ptr":
                try:
                    packed[name] = value
                except OverflowError as err:
                    raise GraphError(f"{self.struct}.{name} cannot hold {value}") from err
            elif value is not None:
                if not value.flags.c_contiguous:
                    raise GraphError(f"{self.struct}.{name} has to be contiguous")
                packed[name] = value.ctypes.data
                keep.append(value)
        return packed, keep


def aligned(array: np.ndarray, boundary: int = 64) -> np.ndarray:
    """A copy whose first element lies at a multiple of `boundary` bytes."""
    room = np.empty(array.nbytes + boundary, np.uint8)
    start = -room.ctypes.data % boundary
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


_PACKED: dict[tuple[int, Callable[..., Any]], Any] = {}
Packed = TypeVar("Packed")


def packed(constant: np.ndarray, pack: Callable[[np.ndarray], Packed]) -> Packed:
    """``pack(constant)``, made once for all programs, and kept as long as the constant is.

    `predict`, `predict_proba` and the like are programs of their own, but share their parameters.
    """
    key = (id(constant), pack)
    if key not in _PACKED:
        made = pack(constant)
        weakref.finalize(constant, _PACKED.pop, key, None)
        _PACKED[key] = made
    return cast(Packed, _PACKED[key])


@dataclass(frozen=True)
class Lowered:
    """One kernel call: the kernel's name, its parameters, its scratch memory in bytes.

    `rows`: how many rows at a time the kernel wants, whatever cache that takes, because it reads
    all its parameters for each block of rows.
    `source`: for exported C only, a kernel written for these very parameters (if/else code of a
    tree): given a function's name, the C text that defines it, static, with a kernel's signature.
    `note`: what was chosen, for `Model.summary()`.
    """

    kernel: str
    block: Block
    scratch_fixed: int = 0
    scratch_per_row: int = 0
    rows: int = 1
    source: Callable[[str], str] | None = None
    note: str = ""


def array(*dtypes: str, ndim: int, optional: bool = False) -> Any:
    """A dataclass field that holds a constant array of one of `dtypes` with `ndim` axes."""
    metadata = {"dtypes": dtypes, "ndim": ndim, "optional": optional}
    if optional:
        return dataclasses.field(default=None, metadata=metadata)
    return dataclasses.field(metadata=metadata)


@dataclass(frozen=True, eq=False)
class Op:
    """Base of all ops. A subclass sets `kind`, declares its fields and overrides the hooks."""

    kind: ClassVar[str]
    optional_outputs: ClassVar[bool] = False
    """Whether the kernel can leave out outputs: one that nobody reads is a NULL pointer to it."""
    alias: ClassVar[bool] = False
    """The output is the input's memory, seen otherwise; `lower` copies, where it has to be."""
    in_place: ClassVar[tuple[int, ...]] = ()
    """Inputs that the output, if of the same type, may overwrite: the kernel reads the i-th element
    before it writes the i-th, and none of those before it afterwards."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        kind = cls.__dict__.get("kind")
        if kind is not None:
            if kind in OPS:
                raise TypeError(f"two ops are called {kind!r}")
            OPS[kind] = cls

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):
            if "dtypes" in f.metadata:
                object.__setattr__(self, f.name, self._constant(f))
        self.check()

    def _constant(self, f: dataclasses.Field[Any]) -> np.ndarray | None:
        value = getattr(self, f.name)
        where = f"{self.kind}.{f.name}"
        if value is None and f.metadata["optional"]:
            return None
        if not isinstance(value, np.ndarray):
            raise GraphError(f"{where} has to be an array, not {type(value).__name__}")
        if value.dtype.name not in f.metadata["dtypes"] or not value.dtype.isnative:
            raise GraphError(f"{where} has dtype {value.dtype}, not {f.metadata['dtypes']}")
        if value.ndim != f.metadata["ndim"]:
            raise GraphError(f"{where} has {value.ndim} axes, not {f.metadata['ndim']}")
        if value.flags.writeable or not (value.flags.c_contiguous and value.flags.aligned):
            # Whoever made the array (an estimator) may change it later; the op must not.
            value = value.copy(order="C")
            value.flags.writeable = False
        return value

    # Hooks -------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise GraphError unless the fields agree with one another and no index leaves its array.

        After this, no input whatever may make the kernel read outside its arrays.
        """

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """Types of the outputs; raises GraphError for inputs the op cannot take."""
        raise NotImplementedError

    def reference(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """What the op computes, in plain NumPy; arrays have shape ``(rows, *shape)``."""
        raise NotImplementedError

    def cost(self, *inputs: TensorType) -> Cost:
        """What one row costs."""
        return Cost(macs=float(sum(t.size for t in inputs)))

    def lower(self, *inputs: TensorType) -> Lowered:
        """The kernel that computes the op and its parameter block."""
        raise NotImplementedError

    def lower_for(self, target: Target, *inputs: TensorType) -> Lowered:
        """The same for a target that is not the host; overridden by ops that have a compact form.

        Integers have to come out as `lower` has them, bit for bit, floats within the bound.
        """
        return self.lower(*inputs)

    def on_float32(self) -> Op | None:
        """The op that makes of a float32 tensor what this one makes of the same values as float64.

        Every integer equal; a float64 equal, or a float32 that is the same number or, for a
        result nobody compares any more (a distance), that number rounded. None if there is none.
        Exported C reads float32 features and uses this to stay out
        of float64, which most microcontrollers compute in software.
        """
        return None

    def thresholds(self) -> dict[int, np.ndarray]:
        """Where the op jumps: per column of its first input, the sorted values it compares with.

        Column `EVERY_COLUMN` stands for all of them.
        Empty for an op whose outputs move no further than its inputs do. `verify` makes rows that
        sit at these values and beside them.
        """
        return {}

    def explain(self, status: int) -> str:
        """The message for a row the kernel refused with `status` (see ei_types.h)."""
        return f"{self.kind} refused its input (status {status})"

    # Fields as data ------------------------------------------------------------------------------

    def constants(self) -> dict[str, np.ndarray]:
        """The array fields that are set."""
        return {
            f.name: getattr(self, f.name)
            for f in dataclasses.fields(self)
            if "dtypes" in f.metadata and getattr(self, f.name) is not None
        }

    def attributes(self) -> dict[str, Any]:
        """The fields that are not arrays: numbers, strings, booleans and tuples of them."""
        return {
            f.name: getattr(self, f.name)
            for f in dataclasses.fields(self)
            if "dtypes" not in f.metadata
        }


AnyOp = TypeVar("AnyOp", bound=Op)

_SCALARS: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "int | None": (int, type(None)),
    "float | None": (int, float, type(None)),
    "str | None": (str, type(None)),
}


def op_from_data(
    kind: object, attributes: Mapping[str, Any], constants: Mapping[str, np.ndarray]
) -> Op:
    """Rebuild an op from what `attributes()` and `constants()` gave, trusting neither.

    Raises GraphError on an unknown kind, a missing or extra field, or a value of a wrong type.
    """
    cls = OPS.get(kind) if isinstance(kind, str) else None
    if cls is None:
        raise GraphError(f"unknown op {kind!r}")
    fields = {f.name: f for f in dataclasses.fields(cls)}
    values: dict[str, Any] = {}
    for name, value in attributes.items():
        f = fields.get(name)
        if f is None or "dtypes" in f.metadata:
            raise GraphError(f"{kind} has no attribute {name!r}")
        values[name] = _attribute(f"{kind}.{name}", str(f.type), value)
    for name, constant in constants.items():
        if name not in fields or "dtypes" not in fields[name].metadata:
            raise GraphError(f"{kind} has no constant {name!r}")
        values[name] = constant
    try:
        return cls(**values)
    except TypeError as err:
        raise GraphError(f"{kind}: {err}") from err


def _attribute(where: str, annotation: str, value: Any) -> Any:
    """`value` if it has the annotated type; lists become tuples."""
    if annotation.startswith("tuple["):
        inner = annotation[len("tuple[") :].removesuffix(", ...]")
        if not isinstance(value, (list, tuple)):
            raise GraphError(f"{where} has to be a list")
        return tuple(_attribute(where, inner, item) for item in value)
    allowed = _SCALARS[annotation]
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        raise GraphError(f"{where} has to be {annotation}, not {type(value).__name__}")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 62:
        raise GraphError(f"{where} is out of range")
    return float(value) if "float" in annotation and isinstance(value, int) else value


def require(condition: bool, message: str) -> None:
    """Raise GraphError(message) unless `condition` holds; for `check` and `infer`."""
    if not condition:
        raise GraphError(message)


def require_float(kind: str, *inputs: TensorType) -> str:
    """The one floating dtype all `inputs` share; GraphError otherwise."""
    dtypes = {t.dtype for t in inputs}
    require(
        len(dtypes) == 1 and dtypes <= {"float64", "float32"},
        f"{kind} takes tensors of one floating dtype, got {', '.join(map(str, inputs))}",
    )
    return dtypes.pop()


def float32_below(values: np.ndarray) -> np.ndarray:
    """The largest float32 not above each value: ``x <= t`` and ``x > t`` stay as they are for
    every float32 x when t is rounded so. NaN stays NaN.
    """
    values = np.asarray(values, np.float64)
    with np.errstate(over="ignore"):
        near = values.astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near)


def is_float32(values: np.ndarray | float) -> bool:
    """Whether every value is a float32, or NaN."""
    values = np.asarray(values, np.float64)
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32).astype(np.float64)
    return bool(((narrow == values) | np.isnan(values)).all())


SUFFIX = {
    "float64": "f64",
    "float32": "f32",
    "int64": "i64",
    "int32": "i32",
    "int16": "i16",
    "int8": "i8",
    "uint16": "u16",
    "uint8": "u8",
}
"""How a kernel's name spells a dtype."""
