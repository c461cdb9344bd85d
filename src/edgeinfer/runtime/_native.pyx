"""The native side: kernel tables, compiled programs, and the one call that runs them."""

cimport cython
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport int32_t, int64_t

cimport numpy as cnp

import numpy as np

from edgeinfer.errors import InvalidInputError, InvalidParameterError, UnsupportedError

cnp.import_array()


cdef extern from "ei_types.h" nogil:
    ctypedef int ei_status
    const int EI_OK
    const int EI_MEMORY
    ctypedef int (*ei_kernel)(const void *, const void *)


cdef extern from "dispatch.h" nogil:
    int32_t ei_kernel_count()
    const char *ei_kernel_name(int32_t)
    const char *ei_kernel_struct(int32_t)
    int32_t ei_isa_count()
    const char *ei_isa_name(int32_t)
    int ei_isa_supported(int32_t)
    ei_kernel ei_isa_kernel(int32_t, int32_t)


cdef extern from "program.h" nogil:
    enum:
        EI_F64
        EI_F32
        EI_OTHER
    ctypedef struct ei_slot:
        int32_t place
        int32_t index
        int64_t offset
        int64_t row_bytes
    ctypedef struct ei_step:
        ei_kernel run
        const void *params
        const ei_slot *slots
        int32_t n_in
        int32_t n_out
        int64_t scratch
        int64_t scratch_bytes
    ctypedef struct ei_input:
        int64_t staging
        int64_t row_bytes
        int32_t columns
        int32_t type
    ctypedef struct ei_array:
        const char *data
        int64_t row_stride
        int64_t column_stride
        int32_t type
        int32_t dense
    ctypedef struct ei_program:
        const ei_step *steps
        const ei_input *inputs
        int64_t arena_bytes
        int32_t n_steps
        int32_t n_inputs
        int32_t max_slots
        int32_t block_rows
    ctypedef struct ei_result:
        ei_status status
        int32_t step
        int64_t block
    ei_result ei_program_run(const ei_program *, const ei_array *, void *const *, int64_t, int32_t)
    int32_t ei_threads_available()


KERNELS = {
    ei_kernel_name(i).decode(): (i, ei_kernel_struct(i).decode()) for i in range(ei_kernel_count())
}
"""Kernel name -> (index, C struct of its parameters), from ei_kernels.def."""

ISAS = {
    ei_isa_name(i).decode(): i for i in range(ei_isa_count()) if ei_isa_supported(i)
}
"""Instruction sets this build and this processor have, worst first."""


cdef enum:
    MAX_TENSORS = 64
    MAX_AXES = 8


cdef int type_code(int type_num) noexcept nogil:
    if type_num == cnp.NPY_DOUBLE:
        return EI_F64
    if type_num == cnp.NPY_FLOAT:
        return EI_F32
    return EI_OTHER


cdef int copy_shape(tuple shape, cnp.npy_intp *dims) except -2:
    """A row's shape as C integers; returns the number of axes, -1 for too many."""
    cdef int axes = len(shape), k
    if axes > MAX_AXES:
        return -1
    for k in range(axes):
        dims[k] = shape[k]
    return axes


@cython.final
cdef class Program:
    """A lowered program, ready to run. Immutable, so threads may share it.

    Built by `edgeinfer.runtime.program.compile_program`; the arguments are trusted.
    """

    cdef ei_program native
    cdef ei_program row  # the same with an arena for one row
    cdef ei_step *steps
    cdef ei_input *input_table
    cdef ei_slot *slot_table
    cdef int n_outputs
    cdef int input_types[MAX_TENSORS]
    cdef int output_types[MAX_TENSORS]
    cdef list output_shapes
    # Shapes of rows, and their number of axes; -1 for more than MAX_AXES, which go the slow way.
    cdef int input_axes[MAX_TENSORS]
    cdef int output_axes[MAX_TENSORS]
    cdef cnp.npy_intp input_dims[MAX_TENSORS][MAX_AXES]
    cdef cnp.npy_intp output_dims[MAX_TENSORS][MAX_AXES]
    cdef double work_per_row
    cdef readonly object lowered
    cdef readonly object names
    cdef readonly str isa
    cdef list keep

    def __cinit__(self):
        self.steps = NULL
        self.input_table = NULL
        self.slot_table = NULL

    def __init__(self, lowered, str isa):
        if isa not in ISAS:
            raise InvalidParameterError(
                f"instruction set {isa!r} is not there; this machine has: {', '.join(ISAS)}"
            )
        self.lowered = lowered
        self.isa = isa
        self.keep = []
        cdef int isa_index = ISAS[isa]
        cdef Py_ssize_t n_steps = len(lowered.steps), n_inputs = len(lowered.inputs)
        cdef Py_ssize_t n_slots = 0, max_slots = 0, i
        if n_inputs > MAX_TENSORS or len(lowered.outputs) > MAX_TENSORS:
            raise InvalidParameterError(f"more than {MAX_TENSORS} inputs or outputs")
        for step in lowered.steps:
            count = len(step.inputs) + len(step.outputs)
            n_slots += count
            max_slots = max(max_slots, count)
        # Twice everything that knows the arena: for blocks, and for one row.
        self.steps = <ei_step *>PyMem_Malloc(max(2 * n_steps, 1) * sizeof(ei_step))
        self.input_table = <ei_input *>PyMem_Malloc(max(2 * n_inputs, 1) * sizeof(ei_input))
        self.slot_table = <ei_slot *>PyMem_Malloc(max(2 * n_slots, 1) * sizeof(ei_slot))
        if self.steps == NULL or self.input_table == NULL or self.slot_table == NULL:
            raise MemoryError
        cdef ei_slot *slot = self.slot_table
        cdef cnp.ndarray packed
        for i, step in enumerate(lowered.steps):
            index, struct = KERNELS[step.kernel]
            if struct != step.block.struct:
                raise InvalidParameterError(f"kernel {step.kernel} takes {struct}")
            packed, arrays = step.block.pack()
            self.keep.append((packed, arrays))
            self.steps[i].run = ei_isa_kernel(isa_index, index)
            self.steps[i].params = cnp.PyArray_DATA(packed)
            self.steps[n_steps + i].run = self.steps[i].run
            self.steps[n_steps + i].params = self.steps[i].params
        for i, tensor in enumerate(lowered.inputs):
            number = np.dtype(tensor.dtype).num
            self.input_types[i] = number
            self.input_axes[i] = copy_shape(tensor.shape, self.input_dims[i])
        self.n_outputs = len(lowered.outputs)
        self.output_shapes = []
        for i, tensor in enumerate(lowered.outputs):
            self.output_types[i] = np.dtype(tensor.dtype).num
            self.output_shapes.append(tensor.shape)
            self.output_axes[i] = copy_shape(tensor.shape, self.output_dims[i])
        slot = self.lay_out(&self.native, lowered, self.steps, self.input_table, slot)
        row = lowered.row or lowered
        self.lay_out(&self.row, row, self.steps + n_steps, self.input_table + n_inputs, slot)
        self.native.max_slots = self.row.max_slots = max_slots
        self.work_per_row = lowered.macs_per_row

    cdef ei_slot *lay_out(
        self, ei_program *program, object lowered, ei_step *steps, ei_input *inputs, ei_slot *slot
    ):
        """Write down where `lowered` has its tensors; returns the first slot that is still free."""
        cdef Py_ssize_t i
        for i, step in enumerate(lowered.steps):
            steps[i].slots = slot
            steps[i].n_in = len(step.inputs)
            steps[i].n_out = len(step.outputs)
            steps[i].scratch = step.scratch
            steps[i].scratch_bytes = step.scratch_bytes
            for place in (*step.inputs, *step.outputs):
                slot.place = place.place
                slot.index = place.index
                slot.offset = place.offset
                slot.row_bytes = place.row_bytes
                slot += 1
        for i, tensor in enumerate(lowered.inputs):
            inputs[i].staging = lowered.staging[i]
            inputs[i].row_bytes = tensor.row_bytes
            inputs[i].columns = tensor.size
            inputs[i].type = type_code(np.dtype(tensor.dtype).num)
        program.steps = steps
        program.inputs = inputs
        program.arena_bytes = lowered.arena_bytes
        program.n_steps = len(lowered.steps)
        program.n_inputs = len(lowered.inputs)
        program.block_rows = lowered.block_rows
        return slot

    def __dealloc__(self):
        PyMem_Free(self.steps)
        PyMem_Free(self.input_table)
        PyMem_Free(self.slot_table)

    cdef bint fits(self, object x):
        """Whether `x` is a float64 or float32 array that the single input reads as it is.

        Other types, layouts that are not aligned, and whatever is wrong go through `prepare`.
        """
        if not cnp.PyArray_CheckExact(x) or self.native.n_inputs != 1:
            return False
        cdef cnp.ndarray array = <cnp.ndarray>x
        return (
            self.input_table[0].type != EI_OTHER
            and type_code(cnp.PyArray_TYPE(array)) != EI_OTHER
            and cnp.PyArray_NDIM(array) == 2
            and cnp.PyArray_DIM(array, 1) == self.input_table[0].columns
            and cnp.PyArray_DIM(array, 0) > 0
            and cnp.PyArray_ISBEHAVED_RO(array)
        )

    cdef tuple execute(self, tuple arrays, int64_t rows):
        """Run checked arrays (one per input, `rows` rows); returns the output arrays."""
        cdef ei_array table[MAX_TENSORS]
        cdef void *outputs[MAX_TENSORS]
        cdef cnp.npy_intp dims[MAX_AXES + 1]
        cdef cnp.ndarray array, result
        cdef int i, k
        cdef list results = []
        for i in range(self.native.n_inputs):
            array = <cnp.ndarray>arrays[i]
            table[i].data = <const char *>cnp.PyArray_DATA(array)
            table[i].type = type_code(cnp.PyArray_TYPE(array))
            table[i].dense = (
                cnp.PyArray_TYPE(array) == self.input_types[i] and cnp.PyArray_ISCARRAY_RO(array)
            )
            if not table[i].dense:
                table[i].row_stride = cnp.PyArray_STRIDE(array, 0)
                table[i].column_stride = cnp.PyArray_STRIDE(array, 1)
        for i in range(self.n_outputs):
            if self.output_axes[i] < 0:
                result = np.empty((rows, *self.output_shapes[i]), cnp.PyArray_DescrFromType(
                    self.output_types[i]))
            else:
                dims[0] = rows
                for k in range(self.output_axes[i]):
                    dims[k + 1] = self.output_dims[i][k]
                result = cnp.PyArray_SimpleNew(
                    self.output_axes[i] + 1, dims, self.output_types[i]
                )
            outputs[i] = cnp.PyArray_DATA(result)
            results.append(result)
        cdef int32_t threads = 1
        # A thread has to earn its start: some hundred thousand multiply-accumulates each.
        cdef double work = self.work_per_row * <double>rows
        cdef ei_result outcome
        if work > 1e6 and rows > self.native.block_rows:
            threads = <int32_t>min(<double>ei_threads_available(), work / 5e5)
        cdef ei_program *program = &self.row if rows == 1 else &self.native
        if work < 2e3:
            # Giving up the GIL and taking it back costs more than such a call.
            outcome = ei_program_run(program, table, outputs, rows, 1)
        else:
            with nogil:
                outcome = ei_program_run(program, table, outputs, rows, threads)
        if outcome.status == EI_MEMORY:
            raise MemoryError(f"no memory for an arena of {program.arena_bytes} bytes")
        if outcome.status != EI_OK:
            step = self.lowered.steps[outcome.step]
            raise InvalidInputError(step.node.op.explain(outcome.status))
        return tuple(results)

    cdef int64_t rows_as_declared(self, tuple arrays):
        """Number of rows, if the arrays are exactly what the inputs declare; else -1."""
        cdef cnp.ndarray array
        cdef int64_t rows = -1
        cdef int i, k
        if len(arrays) != self.native.n_inputs:
            return -1
        for i in range(self.native.n_inputs):
            if not cnp.PyArray_CheckExact(arrays[i]):
                return -1
            array = <cnp.ndarray>arrays[i]
            if (
                cnp.PyArray_TYPE(array) != self.input_types[i]
                or cnp.PyArray_NDIM(array) != self.input_axes[i] + 1
                or self.input_axes[i] < 0
                or not cnp.PyArray_ISCARRAY_RO(array)
                or (i > 0 and cnp.PyArray_DIM(array, 0) != rows)
            ):
                return -1
            rows = cnp.PyArray_DIM(array, 0)
            for k in range(self.input_axes[i]):
                if cnp.PyArray_DIM(array, k + 1) != self.input_dims[i][k]:
                    return -1
        return rows

    def run(self, *arrays):
        """Run arrays of shape ``(rows, *shape)``, one per input; returns a tuple of arrays.

        float64 and float32 inputs may have any strides, others have to be exactly as declared.

        Raises InvalidInputError for a wrong shape or dtype, or a row that an op refuses.
        """
        cdef int64_t count = self.rows_as_declared(arrays)
        if count >= 0:
            return self.execute(arrays, count)
        if len(arrays) != self.native.n_inputs:
            raise InvalidInputError(f"takes {self.native.n_inputs} arrays, got {len(arrays)}")
        cdef list ready = []
        rows = None
        for tensor, value in zip(self.lowered.inputs, arrays):
            if not isinstance(value, np.ndarray):
                raise InvalidInputError(f"takes NumPy arrays, got {type(value).__name__}")
            if value.shape[1:] != tensor.shape or value.ndim == 0:
                raise InvalidInputError(f"takes rows of shape {tensor.shape}, got {value.shape}")
            if rows is not None and len(value) != rows:
                raise InvalidInputError(f"inputs of {rows} and of {len(value)} rows")
            rows = len(value)
            floats = tensor.dtype in ("float64", "float32")
            if value.dtype != tensor.dtype and not (floats and value.dtype.kind == "f"):
                raise InvalidInputError(f"takes {tensor.dtype}, got {value.dtype}")
            simple = (
                floats and value.ndim == 2 and value.dtype in (np.float64, np.float32)
                and value.dtype.isnative
            )
            if not simple:
                value = np.require(value, tensor.dtype, ["C", "A"])
            ready.append(np.asarray(value))
        return self.execute(tuple(ready), rows)


@cython.final
cdef class Method:
    """What `model.predict` is: checks, one native call, and the result as the user expects it.

    `prepare` turns anything array-like into an array the program takes, `finish` turns the
    tuple of results into what is returned; None returns the only result. `variant` gives, for
    values of the method's `options`, the method that does that.
    """

    cdef Program compiled
    cdef object prepare
    cdef object finish
    cdef bint always_prepare
    cdef readonly tuple options
    cdef object variant
    cdef readonly str __name__
    cdef readonly str __doc__

    def __init__(
        self, Program program, prepare, finish, bint always_prepare, str name, str doc,
        tuple options=(), variant=None,
    ):
        self.compiled = program
        self.prepare = prepare
        self.finish = finish
        self.always_prepare = always_prepare
        self.__name__ = name
        self.__doc__ = doc
        self.options = options
        self.variant = variant

    @property
    def program(self):
        """The compiled program behind this method."""
        return self.compiled

    def __call__(self, X=None, *positional, **values):
        cdef tuple results
        if positional or values:
            return self.with_options(positional, values)(X)
        if self.always_prepare or not self.compiled.fits(X):
            X = self.prepare(X)
        results = self.compiled.execute((X,), cnp.PyArray_DIM(<cnp.ndarray>X, 0))
        return results[0] if self.finish is None else self.finish(results)

    def with_options(self, tuple positional, dict values):
        """The method for these values of its options; None of a number stands for its default."""
        if len(positional) > len(self.options):
            raise TypeError(f"{self.__name__} takes X and {len(self.options)} options at most")
        values = dict(values)
        for name, value in zip(self.options, positional):
            if name in values:
                raise TypeError(f"{self.__name__} got {name} twice")
            values[name] = value
        unknown = sorted(set(values).difference(self.options))
        if unknown:
            known = ", ".join(("X", *self.options))
            raise UnsupportedError(
                f"{self.__name__} takes {known}; {', '.join(unknown)} has no counterpart here"
            )
        return self.variant(values)

    def __repr__(self):
        return f"<edgeinfer method {self.__name__}>"


@cython.final
cdef class Runner:
    """`Model.run`: arrays by input name in, arrays by output name out."""

    cdef Program compiled
    cdef tuple inputs
    cdef tuple outputs

    def __init__(self, Program program, tuple inputs, tuple outputs):
        self.compiled = program
        self.inputs = inputs
        self.outputs = outputs

    def __call__(self, feeds):
        cdef list arrays = []
        cdef tuple results
        cdef dict answer = {}
        cdef int64_t rows
        cdef Py_ssize_t i
        for name in self.inputs:
            if name in feeds:
                arrays.append(feeds[name])
        if len(arrays) != len(self.inputs) or len(feeds) != len(self.inputs):
            raise InvalidInputError(
                f"takes the inputs {', '.join(self.inputs)}, got {', '.join(feeds)}"
            )
        cdef tuple given = tuple(arrays)
        rows = self.compiled.rows_as_declared(given)
        if rows >= 0:
            results = self.compiled.execute(given, rows)
        else:
            results = self.compiled.run(*given)
        for i in range(len(self.outputs)):
            answer[self.outputs[i]] = results[i]
        return answer
