# The one entry to everything. Each target sets up what it needs; the second time that takes a moment.
# Pass arguments on with ARGS, for example: make run ARGS=--until-idle, make test ARGS="tests/unit -k retry".

ARGS ?=
SEED ?= 1
JOBS ?= 2000
BROKER ?= sqlite

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run test bench chaos docs samples lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make .venv and install what `make run` needs, without running anything
	@scripts/setup run

run: setup ## Convert the sample documents with live progress and keep serving (ARGS=--until-idle ends when done)
	@$(BIN)/millhand up --demo $(ARGS)

test: ## Lint, types, layers and all tests (ARGS go to pytest; CI=true makes a missing service a failure)
	@scripts/setup dev
	@scripts/test $(ARGS)

bench: ## Measure the queue and the document engine beside their peers, as ratios
	@scripts/setup dev
	@$(BIN)/python -m bench $(ARGS)

chaos: ## Break what can break by a seeded schedule and prove that no job was lost (BROKER=sqlite|postgres|pgboss|bucket SEED=1 JOBS=2000)
	@scripts/setup dev
	@$(BIN)/python -m tests.chaos --broker $(BROKER) --seed $(SEED) --jobs $(JOBS) $(ARGS)

docs: ## Write the generated reference pages anew
	@scripts/setup dev
	@$(BIN)/python -m scripts.gen_docs $(ARGS)

samples: ## Write the sample documents anew
	@scripts/setup dev
	@$(BIN)/python -m scripts.samples $(ARGS)

lock: ## Resolve the dependencies anew and write requirements/*.txt (ARGS=--upgrade takes newer versions)
	@scripts/setup dev
	@scripts/lock $(ARGS)

clean: ## Remove the environment, caches and build results (your data/ stays)
	rm -rf .venv .venv-bench build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
