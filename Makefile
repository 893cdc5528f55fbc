# SIGA. `make run` starts a demo town; `make test` checks everything; `make help` lists the rest.
# Needs Python >= 3.11 with venv, and make; all else is set up here.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q
SPEED ?= 6
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test check unit engines system browser faults fuzz soak bench evidence docs lock clean clean-all \
	bandit audit sbom

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "SIGA needs Python 3.11 or newer: make run PYTHON=python3.12")'
	@test -x $(BIN)/python || (echo "Making a virtual environment in $(VENV)…" && $(PYTHON) -m venv $(VENV))
	@echo "Installing what SIGA needs (once; some minutes at most)…"
	@$(PIP) install --require-hashes --no-deps -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo "Installing what the tests need…"
	@$(PIP) install --require-hashes --no-deps -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

run: $(VENV)/.run  ## start SIGA with a demo town (data stays in ./demo-data)
	@exec $(BIN)/python -m siga demo --data demo-data --speed $(SPEED) $(ARGS)

check: $(VENV)/.dev  ## format, lint, types, imports, unit tests (under a minute)
	$(BIN)/ruff format --check src tests clients yardsticks
	$(BIN)/ruff check src tests clients yardsticks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -r src -c bandit.yaml -ll -ii
	$(BIN)/python -m pytest tests/unit -n auto

test: $(VENV)/.dev  ## every test: unit, engines, system, browser, short faults
	$(BIN)/python -m pytest tests -n auto --dist loadgroup

unit engines system browser: $(VENV)/.dev  ## one kind of test
	$(BIN)/python -m pytest tests/$@

faults: $(VENV)/.dev  ## the long fault tests: hundreds of kills under load
	SIGA_LONG=1 $(BIN)/python -m pytest tests/faults -s

fuzz: $(VENV)/.dev  ## the long property tests, and 20,000 cases against every operation
	SIGA_LONG=1 $(BIN)/python -m pytest tests/unit -n auto
	SIGA_LONG=1 $(BIN)/python -m pytest tests/system/test_fuzz.py -s

bandit: $(VENV)/.dev  ## look for unsafe calls in the source (also part of check)
	$(BIN)/bandit -q -r src -c bandit.yaml -ll -ii

audit: $(VENV)/.dev  ## known weaknesses of what SIGA depends on; says so where they cannot be looked up
	@mkdir -p artefacts
	@$(BIN)/pip-audit --disable-pip --require-hashes --progress-spinner off -r requirements.lock >artefacts/audit.txt 2>&1; \
	code=$$?; \
	if grep -qE 'could not be audited|Connection|Max retries|timed out|Name or service' artefacts/audit.txt; then \
		echo "NOT CHECKED: the index of known weaknesses cannot be reached from here, or does not know" \
			"$$(grep -c 'could not be audited' artefacts/audit.txt) of the packages; see artefacts/audit.txt."; \
		! grep -qE '(PYSEC|GHSA|CVE)-' artefacts/audit.txt || { cat artefacts/audit.txt; exit 1; }; \
	else cat artefacts/audit.txt; exit $$code; fi

sbom: $(VENV)/.dev  ## what SIGA is made of, as CycloneDX: artefacts/sbom.cdx.json
	@mkdir -p artefacts
	$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible \
		--of JSON -o artefacts/sbom.cdx.json

soak: $(VENV)/.dev  ## load for SOAK_S seconds, memory and files watched
	$(BIN)/python -m siga bench soak

bench: $(VENV)/.dev  ## the benchmarks, with their yardsticks
	$(BIN)/python -m siga bench

evidence: $(VENV)/.dev  ## measure every figure and write docs/figures.md
	$(BIN)/python -m siga.bench.evidence $(ARGS)

docs: $(VENV)/.dev  ## write docs/reference from the code
	$(BIN)/python -m siga.cli.reference

lock: $(VENV)/.dev  ## resolve the lock files anew from pyproject.toml
	$(BIN)/pip-compile -q --upgrade $(LOCK) -o requirements.lock pyproject.toml
	$(BIN)/pip-compile -q --upgrade $(LOCK) -c requirements.lock --extra dev -o requirements-dev.lock pyproject.toml

LOCK := --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header \
	--strip-extras --allow-unsafe --no-annotate --build-deps-for editable

clean:  ## forget the demo town's data and caches
	rm -rf demo-data artefacts .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

clean-all: clean  ## and the virtual environment
	rm -rf $(VENV)
