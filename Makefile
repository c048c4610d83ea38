# Everything a contributor needs. `make` lists it.

VENV := .venv
BIN := $(VENV)/bin
SECONDS ?=
ARGS ?=
SOURCES := src tests examples bench

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all mutations check lint types imports format web chaos failover screenshots bench clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make .venv with the package and its tools, or bring it up to date
	@tools/venv $(VENV)
	@$(BIN)/python tools/web

demo: setup ## Show steve at work on its own PostgreSQL (SECONDS=30 ends it by itself)
	@$(BIN)/steve demo $(if $(SECONDS),--seconds $(SECONDS))

test: setup ## Run the tests on the embedded PostgreSQL, then on the machine's own (ARGS="-k lease")
	@tools/test $(VENV) $(ARGS)

test-all: setup ## Run the tests with every Python and PostgreSQL of this machine
	@tools/test-all $(ARGS)

mutations: setup ## Let bugs into copies of the package: a test has to find each
	@STEVE_TEST_ALL_MUTANTS=1 $(BIN)/pytest -n 2 tests/mutations $(ARGS)

check: lint types imports ## Everything that judges the code without running it

lint: setup ## Look for mistakes and for wrong formatting
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/python tools/web lint

types: setup ## Check the types
	@$(BIN)/pyright
	@$(BIN)/python tools/web types

imports: setup ## Check that lower floors never import upper ones
	@$(BIN)/lint-imports --no-cache

format: setup ## Format the code and mend what can be mended by itself
	@$(BIN)/python tools/web format
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

web: setup ## Test the parts of the front end that need no browser
	@$(BIN)/python tools/web test

chaos: setup ## Let it storm with every fault for half an hour (ARGS="--seconds 60 --seed 7")
	@tools/chaos $(VENV) $(if $(ARGS),$(ARGS),--seconds 600 --seed 1 --seed 2 --seed 3)

failover: setup ## Let a standby take over, and PgBouncer stand in between (ARGS="-k pgbouncer")
	@tools/failover $(VENV) $(ARGS)

screenshots: setup ## Make the pictures of the monitor in docs/screenshots anew
	@$(BIN)/python tools/screenshots

bench: setup ## Measure steve beside its peers, for hours (ARGS=--quick for minutes)
	@$(BIN)/python -m bench $(ARGS)

clean: ## Remove everything that the other targets made
	@rm -rf $(VENV) .venvs build dist src/steve/monitor/static web/node_modules .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find $(SOURCES) -type d -name __pycache__ -prune -exec rm -rf {} +
