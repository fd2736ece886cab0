# Two commands matter: `make run` sets up and serves, `make test` sets up and runs everything CI runs.
# Each step leaves a stamp, so a second run only does what changed.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := run

VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 2
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

installed := $(VENV)/.installed
test_tools := $(VENV)/.installed-for-tests
bundled := webui/static/dist/.bundled
catalogues := $(wildcard webui/translations/*/LC_MESSAGES/*.po)
compiled := $(catalogues:.po=.mo)
frontend := $(shell find webui/frontend -type f 2>/dev/null)

.PHONY: run setup assets test system-packages check format format-check lint types contracts unit suite bench clean

## Set up, load the demonstration and serve it on http://127.0.0.1:8000
run: setup
	HUIYIN_ENV=demo $(BIN)/huiyin demo
	HUIYIN_ENV=demo exec $(BIN)/huiyin serve --host $(HOST) --port $(PORT)

## Everything the application needs to run
setup: $(installed) assets

$(BIN)/python:
	@python=$$(PYTHON="$(PYTHON)" sh tests/setup/find-python) && "$$python" -m venv $(VENV)

$(installed): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(test_tools): $(installed)
	$(PIP) install --constraint constraints.txt --editable '.[test]'
	@touch $@

## Scripts and styles for the browser, and the translations
assets: $(bundled) $(compiled)

node_modules/.installed: package.json package-lock.json
	@sh tests/setup/check-node
	npm ci --no-fund --no-audit
	@touch $@

$(bundled): node_modules/.installed $(frontend)
	npm run --silent build
	@mkdir -p $(@D) && touch $@

%.mo: %.po | $(installed)
	$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

## Everything CI runs; sets up what is missing, Chromium and PostgreSQL included
test: setup $(test_tools) system-packages format-check lint types contracts suite

system-packages:
	@sh tests/setup/system-packages

suite:
	$(BIN)/python tests/setup/with_postgres.py $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

## The quick round before a commit: format, lint, types, contracts, unit and documentation tests
check: $(test_tools) format lint types contracts unit

format: $(test_tools)
	$(BIN)/ruff format .

format-check: $(test_tools)
	$(BIN)/ruff format --check .

lint: $(test_tools)
	$(BIN)/ruff check .

types: $(test_tools)
	$(BIN)/mypy

contracts: $(test_tools)
	$(BIN)/lint-imports

unit: $(test_tools)
	$(BIN)/python -m pytest tests/unit tests/architecture

## Measures: what a step costs, against what, and how it grows (docs/reference/benchmarks.md); takes long
bench: setup $(test_tools) system-packages
	bench/operaton/setup || echo "make bench: without Operaton" >&2
	bench/bpmn_engine/setup || echo "make bench: without bpmn-engine" >&2
	$(BIN)/python -m bench $(QUESTIONS)

## Remove what was built and the demonstration's database
clean:
	rm -rf $(VENV) node_modules webui/static/dist build var
	rm -f $(compiled)
