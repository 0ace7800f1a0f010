# `make demo` and `make test` do everything on a machine with Python >= 3.11, git and make.
PYTHON ?= python3
WORKERS ?= 2
BENCH ?= lost-sales
BIN := .venv/bin
MADE := .venv/.made

.DEFAULT_GOAL := help
.PHONY: help venv demo test check bench generalist lock clean static fast-tests all-tests

help: ## show this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 15

venv: $(MADE) ## make .venv, once and again when the dependencies change

$(MADE): pyproject.toml constraints.txt .ci/make-venv
	.ci/make-venv $(PYTHON)

demo: $(MADE) ## the whole loop on a sample shop, with a report
	$(BIN)/restock demo

test: all-tests ## everything that check does, and all tests

check: fast-tests ## format, lint, types, layers, fast tests

static: $(MADE)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/pyright
	$(BIN)/lint-imports

fast-tests: static
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow"

all-tests: static
	$(BIN)/python -m pytest -n $(WORKERS)

bench: $(MADE) ## a benchmark: make bench BENCH="lost-sales --quick"
	$(BIN)/restock bench $(BENCH)

generalist: $(MADE) ## make the pretrained policy again: 3 members, about 20 minutes; stop it at will, it goes on
	$(BIN)/python benchmarks/generalist.py

lock: $(MADE) ## renew constraints.txt from pyproject.toml
	$(BIN)/uv pip compile -q --universal --upgrade --python-version 3.11 --all-extras --group dev --group oracles \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links --output-file constraints.txt pyproject.toml

clean: ## remove what was made here, .venv too
	rm -rf .venv demo build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
