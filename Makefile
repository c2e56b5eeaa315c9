# Needs python3 (3.11 or newer) and make; everything else is brought in.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help run test check demo bench bench-log bench-notices bench-house soak defects lock run-environment test-environment python-is-new

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | sort | expand -t 15

# With a .env file, JIAWU_DEMO is what that file says.
run: export JIAWU_DEMO ?= $(if $(wildcard .env),,1)
run: run-environment ## the whole product on this machine, with demo data and simulators
	@$(BIN)/jiawu run

test: test-environment ## everything that must hold: style, types, layers, tests
	@setup/system_packages.sh
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest

check: test-environment ## style, types and layers only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

demo: export JIAWU_DEMO := 1
demo: run-environment ## all 22 services from booking to the books, told and checked step by step
	@$(BIN)/python -m interface.demo

bench: bench-log bench-notices bench-house ## all measurements, about 20 minutes

bench-log: test-environment ## appends a second, beside plain inserts and other libraries
	@$(BIN)/python -m bench.log

bench-notices: test-environment ## the answer to a payment notice at 50 a second; fails at a p99 of 500 ms
	@$(BIN)/python -m bench.notices

bench-house: test-environment ## paid lives over HTTP, projections, rebuilds, pages and search; fails at a missed goal
	@$(BIN)/python -m bench.house

soak: export HYPOTHESIS_PROFILE := soak
soak: test-environment ## 10,000 simulated days, and the property tests with thousands of examples
	$(BIN)/python -m tests.simulation --seeds 0-9999
	$(BIN)/python -m pytest -m hypothesis

defects: test-environment ## plants 25 mistakes in the payment path, one at a time, and sees each caught
	@$(BIN)/python -m tests.defects

lock: ## write the lock files anew (needs uv)
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate pyproject.toml -o requirements/run.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate pyproject.toml --group test -o requirements/test.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate --python-version 3.11 requirements/bench.in -o requirements/bench.lock

run-environment: python-is-new
	@$(PYTHON) setup/environment.py run

test-environment: python-is-new
	@$(PYTHON) setup/environment.py test

python-is-new:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed." if sys.version_info < (3, 11) else 0)'
