# Targets for people and for .ci/run. Needs make and Python 3.11 or newer; uses uv where it is.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install run test check bench lock clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16

install: $(VENV)/.run-stamp ## prepare .venv/ with the bot and what it needs

run: install ## start the bot (ARGS="--help" shows its options)
	@$(BIN)/mnema run $(ARGS)

test: $(VENV)/.dev-stamp ## run the tests (ARGS="tests/turns -x" for some of them)
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

check: $(VENV)/.dev-stamp ## lint, formatting, types, import layers, the house's own rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/house

bench: $(VENV)/.dev-stamp ## measure (SCALE=10M for the long one)
	$(BIN)/python -m benchmarks $(ARGS)

# No option here may name a host or a path: the locks are the same for everybody.
COMPILE = uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header $(UPGRADE)

lock: ## resolve both locks again (UPGRADE=--upgrade for newer versions); needs uv
	@command -v uv >/dev/null || { echo "make lock needs uv; see CONTRIBUTING.md" >&2; exit 1; }
	$(COMPILE) --extra build pyproject.toml -o requirements.txt
	$(COMPILE) --extra build --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean: ## remove .venv/, caches and built packages; data/ and .env stay
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# A virtual environment that answers is kept; one whose Python is gone is made again.
$(VENV)/.run-stamp: requirements.txt pyproject.toml
	@if ! $(BIN)/python -c '' 2>/dev/null; then sh .ci/venv $(VENV); fi
	@sh .ci/pip $(VENV) --require-hashes -r requirements.txt
	@sh .ci/pip $(VENV) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev-stamp: $(VENV)/.run-stamp requirements-dev.txt
	@sh .ci/pip $(VENV) --require-hashes -r requirements-dev.txt
	@touch $@
