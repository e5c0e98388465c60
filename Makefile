# Every target does its own set-up; Python 3.11+, make and the package registries are all it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Optional: scenario files or folders for `make chaos`, corpora for `make security`.
SCENARIOS ?=
CORPORA ?=
SEED ?= 1
# Optional: a short `make bench`, or parts of it.
QUICK ?=
ONLY ?=
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
# A report imports pandas and matplotlib: four times as fast once they were compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup proxies chaos test security latency bench lint format lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Seawall needs Python 3.11 or newer, not " + sys.version.split()[0] + "; say which: make PYTHON=/path/to/python3.11")'
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/installed: $(BIN)/uv requirements/dev.txt pyproject.toml client/pyproject.toml
	@echo "setting up $(VENV) ..." >&2
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps -e client -e .
	@touch $@

setup: $(VENV)/installed  ## the project's own environment, in .venv

proxies: setup  ## Toxiproxy and mitmproxy, found or provisioned
	@$(BIN)/seawall chaos provision

chaos: proxies  ## the main job: quick scenarios through both proxies, baseline against Seawall, with a report
	@$(BIN)/seawall chaos run --seed $(SEED) $(or $(SCENARIOS),quick)

test: proxies  ## every suite
	@$(BIN)/python -m pytest -n auto --dist worksteal

security: setup  ## the security suite, and what the guards stop, measured, with a report (CORPORA=/path: on labelled corpora too)
	@$(BIN)/python -m pytest -n auto --dist worksteal -m security suites/security; tests=$$?; \
	$(BIN)/python suites/security/measure.py --seed $(SEED) $(if $(CORPORA),--corpora $(CORPORA)) && \
	$(BIN)/seawall report security && exit $$tests

latency: proxies  ## the latency suite
	@$(BIN)/python -m pytest -m latency suites/latency

bench: setup  ## cost and behaviour beside rivals and an oracle, with a report (QUICK=1, ONLY=cost,hang)
	@$(BIN)/python -m seawall_chaos.bench --seed $(SEED) $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

lint: setup  ## ruff, mypy, pyright, import rules
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/pyright --project pyproject.toml
	@$(BIN)/lint-imports

format: setup  ## ruff's fixes and layout
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

lock: $(BIN)/uv  ## resolve requirements/*.txt anew
	@BIN=$(BIN) sh requirements/lock.sh

clean:  ## remove what the targets made
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis reports/out
