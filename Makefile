# Two commands do everything on a machine with Python, a C compiler and make:
#   make demo   builds, trains on real data, converts in four precisions, shows a table
#   make test   builds and runs the whole test suite
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
LEAN := $(VENV)/installed-for-demo
NATIVE := pyproject.toml setup.py $(wildcard src/edgeinfer/*/*.pyx src/edgeinfer/kernels/csrc/* src/edgeinfer/kernels/csrc/isa/*)

.PHONY: demo test sanitized sanitize sanitize-tflite lint format wheel figures microcontrollers bench quantization clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# aeon without what it requires: the examples read its recordings, and numba would hold NumPy back.
$(STAMP): $(BIN)/python $(NATIVE)
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	-$(BIN)/python -m pip install --quiet --no-deps aeon
	touch $@

# The demo needs neither linters nor test tools; where those are installed, they will do.
$(LEAN): $(BIN)/python $(NATIVE)
	$(BIN)/python -m pip install --quiet --editable ".[cli,sklearn]"
	touch $@

demo: $(if $(wildcard $(STAMP)),$(STAMP),$(LEAN))
	$(BIN)/edgeinfer demo

test: $(STAMP)
	$(BIN)/python -m pytest -n auto -q

# Damaged model files under the address and undefined behaviour sanitizers; needs gcc's libasan.
# `sanitize` damages .edge files of every model, `sanitize-tflite` networks of every operator.
COUNT ?= 20000
SEED ?= 0
SANITIZED := build/sanitize
ASAN := LD_PRELOAD="$$(gcc -print-file-name=libasan.so)" PYTHONPATH=$(SANITIZED)/lib \
  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=1024 \
  UBSAN_OPTIONS=print_stacktrace=1
sanitized: $(STAMP)
	CC=gcc EDGEINFER_SANITIZE=1 $(BIN)/python setup.py -q build \
	  --build-base $(SANITIZED) --build-lib $(SANITIZED)/lib
sanitize: sanitized
	$(BIN)/python -m tests.mutations --corpus $(SANITIZED)/corpus --write
	$(ASAN) \
	  $(BIN)/python -m tests.mutations --corpus $(SANITIZED)/corpus --count $(COUNT) --seed $(SEED)
sanitize-tflite: COUNT = 10000
sanitize-tflite: sanitized
	$(ASAN) $(BIN)/python -m tests.converters.mutations $(COUNT) $(SEED)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" cython-lint src
	PATH="$(CURDIR)/$(BIN):$$PATH" clang-format --dry-run --Werror $$(git ls-files '*.c' '*.h')

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $$(git ls-files '*.c' '*.h')

wheel: $(STAMP)
	$(BIN)/python -m build --wheel --outdir dist

# Peers side by side, answers checked; writes the results, the plots and the README's table.
bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --editable ".[dev,bench]"
	mkdir -p build
	$(BIN)/python -m pytest bench -q -rs --benchmark-json build/bench.json
	$(BIN)/python -m bench.report build/bench.json --results bench/results.json --readme README.md --plots docs/figures
	$(BIN)/python -m bench.precisions --results bench/precisions.json --document docs/performance.md --plots docs/figures

# Networks quantized here beside the published ones: the tables of docs/quantization.md, in a few
# minutes; needs the networks of MLPerf Tiny in ../shared/models.
quantization: $(STAMP)
	$(BIN)/python -m pip install --quiet --editable ".[dev,bench]"
	$(BIN)/python -m bench.quantization --results bench/quantization.json --document docs/quantization.md

# Only the README's table for single rows: some minutes instead of a quarter of an hour.
figures: $(STAMP)
	$(BIN)/python -m pip install --quiet --editable ".[dev,bench]"
	mkdir -p build
	$(BIN)/python -m pytest bench/test_one_row.py -q -rs --benchmark-json build/figures.json
	$(BIN)/python -m bench.report build/figures.json --readme README.md

# The README's table of microcontrollers: half a minute, where the cross compiler and QEMU are.
microcontrollers: $(STAMP)
	$(BIN)/python -m pip install --quiet --editable ".[dev,bench]"
	mkdir -p build
	$(BIN)/python -m pytest bench/test_microcontrollers.py -q -rs --benchmark-json build/targets.json
	$(BIN)/python -m bench.report build/targets.json --readme README.md

clean:
	rm -rf $(VENV) build dist src/*.egg-info
