# Everything starts here. `make run` and `make test` need python3.11 (or 3.12, 3.13) with venv and pip, nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

BENCHES := $(patsubst benchmarks/bench_%.py,bench-%,$(wildcard benchmarks/bench_*.py))

.PHONY: help run test test-all test-web pictures faults hostile-plugins attacks lint format bench $(BENCHES) clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

run: $(VENV)/ready ## Set up, ingest the demo corpus over loopback HTTP and print the reported state
	$(BIN)/newsledger demo

test: $(VENV)/ready ## Run the default test suite
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-all: $(VENV)/ready ## Run every test, the heavy ones too, with new random examples
	$(BIN)/python -m pytest -n 2 --dist loadfile -m '' --hypothesis-profile=exploring

hostile-plugins: $(VENV)/ready ## Run twenty hostile plugins in one ledger and print what became of each
	$(BIN)/python -m pytest -q -m slow tests/integration/plugins/test_hostile_table.py

attacks: $(VENV)/ready ## Print what catches which attack on a sealed ledger
	$(BIN)/python -m tests.integration.audit.attacks

faults: $(VENV)/ready ## Kill and starve the store at every step; print the fault table
	$(BIN)/python -m pytest -q -s -m slow tests/integration/store/test_faults.py

$(VENV)/tools-ready: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --editable '.[dev,tools]'
	@touch $@

test-web: $(VENV)/tools-ready ## Run the pages in a browser and all that programs do with them; needs a chromium (apt-get install chromium)
	$(BIN)/python -m pytest -m '' tests/e2e/web tests/integration/web

pictures: $(VENV)/tools-ready ## Draw the pictures of the README anew; needs a chromium
	$(BIN)/python docs/pictures/draw.py

lint: $(VENV)/ready ## Format check, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/ready ## Apply the formatter and safe fixes
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .

$(VENV)/bench-ready: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --editable '.[dev,bench]'
	@touch $@

bench: $(BENCHES) ## Run all benchmarks; results in benchmarks/results/

$(BENCHES): bench-%: $(VENV)/bench-ready
	$(BIN)/python benchmarks/bench_$*.py $(DATA)

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
