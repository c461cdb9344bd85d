# Two commands do everything on a machine with Python, a C compiler and make:
#   make demo   builds, trains on real data, converts in four precisions, shows a table
#   make test   builds and runs the whole test suite
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

.PHONY: demo test lint format wheel bench clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(STAMP): $(BIN)/python pyproject.toml setup.py $(wildcard src/edgeinfer/*/*.pyx src/edgeinfer/kernels/csrc/* src/edgeinfer/kernels/csrc/isa/*)
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

test: $(STAMP)
	$(BIN)/python -m pytest -n auto -q

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

clean:
	rm -rf $(VENV) build dist src/*.egg-info
