# make demo · make test · make check · make fuzz · make bench — each sets up what it needs, once.
# make sdks — as root on Debian or Ubuntu: what of the cameras' SDKs pip cannot install, so that fewer tests are skipped.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

SDKS := libaravis-0.8-0 libopenni2-0 libfreenect-bin libfreenect-dev libdc1394-25 libdc1394-dev libusb-1.0-0 gcc

.PHONY: setup sdks demo test fuzz check format bench clean

setup: $(VENV)/.run

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "depthkit needs Python 3.11 or newer: run 'make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)'"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# One stamp a set of packages, renewed when pyproject.toml changes: a second run installs nothing.
$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.run

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --editable '.[dev,bench]'
	@touch $@

sdks: $(VENV)/.dev
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SDKS) >/dev/null
	CFLAGS=-I/usr/include/libfreenect $(BIN)/python -m pip install --quiet freenect
	$(BIN)/python -m pip install --quiet --no-deps pyorbbecsdk2

demo: $(VENV)/.run
	$(BIN)/depthkit demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -m kernel

fuzz: $(VENV)/.dev
	DEPTHKIT_FUZZ=10000 $(BIN)/python -m pytest tests/test_fuzz.py

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench
	$(BIN)/depthkit bench --out bench.json

clean:
	rm -rf $(VENV) depthkit-demo bench.json
