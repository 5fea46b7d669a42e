# Two commands matter: `make run` (set up, simulate, train, publish, serve) and `make test` (all checks).
.DEFAULT_GOAL := help
SHELL := /bin/bash

# The first interpreter that is new enough; `make PYTHON=/path/to/python setup` overrides it.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(not ((3,11) <= sys.version_info[:2] <= (3,13)))' 2>/dev/null \
	&& echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help setup run test lint types layers pytest faults bench lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(VENV)/.runtime ## make .venv with the locked dependencies and the tocsin command

run: $(VENV)/.runtime ## simulate, ingest, train, score, publish, then serve on http://127.0.0.1:8000
	@$(BIN)/tocsin demo --port $(PORT)

# mypy uses one core and the tests wait now and then: side by side both are done sooner.
test: $(VENV)/.dev ## all checks: ruff, mypy, import-linter, pytest
	@$(MAKE) --no-print-directory lint layers
	@$(MAKE) --no-print-directory -j2 types pytest

lint: $(VENV)/.dev ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## mypy --strict
	$(BIN)/mypy

layers: $(VENV)/.dev ## import-linter: the four rooms and their order
	$(BIN)/lint-imports

# A process for each core and one thread each: more threads than cores wait for one another, and the
# tests that fit models take twice the time. Who is done takes tests of who is not.
pytest: $(VENV)/.dev ## the test suite, on all cores
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n auto --dist worksteal

bench: $(VENV)/.dev ## measure speed side by side: ratios into var/bench.json (ONLY=features for one part)
	$(BIN)/python tests/benchmarks/run.py $(if $(ONLY),--only $(ONLY))

faults: $(VENV)/.dev ## deliveries and e-mails to failing receivers, workers killed with -9 (minutes)
	FAULT_DELIVERIES=$${FAULT_DELIVERIES:-10000} FAULT_KILLS=$${FAULT_KILLS:-50} $(BIN)/pytest -s tests/faults

lock: ## renew the lock files (needs uv)
	uv pip compile pyproject.toml --extra build --universal --generate-hashes --no-emit-index-url \
		--fork-strategy fewest --python-version 3.11 --no-header --upgrade -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra dev --extra postgres --universal --generate-hashes \
		--no-emit-index-url --fork-strategy fewest --python-version 3.11 --no-header -c requirements.lock \
		-o requirements-dev.lock

clean: ## remove .venv and tool caches; var/ (the state) stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "tocsin needs Python 3.11, 3.12 or 3.13: install one, or run make PYTHON=/path/to/python setup" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --progress-bar on --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(PIP) install --quiet --progress-bar on --require-hashes -r requirements-dev.lock
	@touch $@
