# The verbs of this repository; `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8780
SPEED ?= 600
WORKERS ?= 4

.PHONY: help setup demo test check endurance bench run map lock screens clean

help: ## List the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/demo: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: set PYTHON=/path/to/python3"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . 2>/dev/null \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(VENV)/dev: requirements-dev.lock $(VENV)/demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

setup: $(VENV)/dev ## Make .venv with everything that development needs

demo: $(VENV)/demo ## Start the local workspace with sample systems and the bot (PORT=8780 SPEED=600)
	$(BIN)/python -m sandbox --port $(PORT) --speed $(SPEED)

run: $(VENV)/demo ## Run the bot against the workspace that the environment names
	$(BIN)/rollout run

test: $(VENV)/dev ## Run the tests (under five minutes on two cores)
	$(BIN)/python -m pytest -n $(WORKERS) --dist load --maxschedchunk 1 -m "not endurance" $(ARGS)

endurance: $(VENV)/dev ## Run the full counts of kills, mutations and random tests; prints its seed
	$(BIN)/python -m pytest -n $(WORKERS) --dist load --maxschedchunk 1 -m endurance -s $(ARGS)

check: $(VENV)/dev ## Format, lint, types, import contracts, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/house
	$(BIN)/rollout lint plans/*.yml

bench: $(VENV)/dev ## Run the benchmarks (ONLY=name); one JSON line a figure
	$(BIN)/python -m bench $(ONLY)

map: $(VENV)/dev ## Write the map, the machine, the plan reference and its schema from the source
	$(BIN)/python -m tests.house.map --write
	$(BIN)/python -m tests.house.machine --write
	$(BIN)/python -m tests.house.codes --write
	$(BIN)/python -m bot.plans.reference --write

lock: $(VENV)/dev ## Pin the dependencies anew, with hashes and without addresses
	$(BIN)/uv pip compile --universal --generate-hashes --no-annotate --no-header --extra demo \
	  pyproject.toml --output-file requirements.lock --quiet
	$(BIN)/uv pip compile --universal --generate-hashes --no-annotate --no-header --extra demo --group dev \
	  pyproject.toml --output-file requirements-dev.lock --quiet

screens: $(VENV)/dev ## Take pictures of the page at 1280 and 390 px into build/screens
	$(BIN)/python -m pytest -q -s tests/e2e/screens.py

clean: ## Remove what the verbs made
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache
