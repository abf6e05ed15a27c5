# `make` lists what there is. Everything runs in .venv, which is made from uv.lock when needed.
.DEFAULT_GOAL := help
.PHONY: help setup setup-cluster run test test-slow test-cluster test-faults validator lint format demo \
	bench bench-scale environment flags clean distclean

# ARGS reaches the command behind the target: make run ARGS=--dry-run, make test ARGS=tests/unit
ARGS ?=
BIN := .venv/bin
READY := .venv/.ready
CLUSTER := .venv/.cluster

# Whatever else is loaded in the shell (modules, another environment) stays out of this one.
unexport PYTHONPATH PYTHONHOME

# An environment that is missing, has lost its Python or was copied from elsewhere is made again.
ifneq ($(shell test -x $(BIN)/python && cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

$(READY): uv.lock pyproject.toml
	@echo "Setting up the environment in .venv: once, about a minute ..."
	@PYTHON="$(PYTHON)" sh workflow/scripts/setup.sh
	@printf '%s' "$(CURDIR)" > $@

setup: $(READY) ## make the environment, if it is not there yet
	@echo "The environment in .venv is ready."

$(CLUSTER): | $(READY)
	@PYTHON="$(PYTHON)" sh workflow/scripts/setup.sh cluster

setup-cluster: $(CLUSTER) ## the same with what submits jobs to Slurm
	@echo "The environment in .venv is ready for Slurm."

run: $(READY) ## run the pipeline on all drops, and say where the report is
	@$(BIN)/reuptake run --cores all $(ARGS)

test: $(READY) ## run the tests
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

test-slow: $(READY) ## run further tests of whole runs (10 minutes)
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m slow tests/workflow $(ARGS)

test-cluster: $(CLUSTER) ## run the tests that start a Slurm of their own (10 minutes)
	@$(BIN)/python -m pytest -m cluster tests/cluster $(ARGS)

test-faults: $(READY) ## run the tests of kills, full disks and other faults (20 minutes)
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m faults tests/workflow $(ARGS)

validator: $(READY) ## install the validator of RO-Crates that a test uses
	@$(BIN)/python -m venv --clear tests/validator/.venv
	@tests/validator/.venv/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r tests/validator/requirements.txt

lint: $(READY) ## check style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/snakefmt --check Snakefile workflow/rules

format: $(READY) ## mend style and formatting
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/snakefmt Snakefile workflow/rules

demo: $(READY) ## write the simulated drops again and register them
	@$(BIN)/python -m reuptake.simulation data/drops
	@grep -l '^simulated: true' data/drops/*/drop.yaml | while read -r file; do \
		$(BIN)/reuptake register "$${file%/drop.yaml}" || exit; done

bench: $(READY) ## measure speed and accuracy, also beside other programs
	@$(BIN)/python bench/run.py $(ARGS)

bench-scale: $(READY) ## measure what a run costs as the archive grows: N=1000
	@$(BIN)/python bench/scale.py $(N)

environment: $(READY) ## write environment.yml from uv.lock
	@$(BIN)/python workflow/scripts/environment.py

flags: $(READY) ## write docs/flags.md and its pictures
	@$(BIN)/python workflow/scripts/flags.py

clean: ## remove results, their history and caches; never data
	@find results -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
	@rm -rf .snakemake .pytest_cache .ruff_cache .hypothesis
	@find workflow tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## clean, and remove the environment
	@rm -rf .venv .uv bench/peers/.venv tests/validator/.venv
