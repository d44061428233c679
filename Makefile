# Two commands on a fresh machine: `make demo` and `make test`. `make help` lists them all.

PYTHON ?= python3
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
TOO_OLD = omics_batch needs Python 3.11 or later and $(PYTHON) is %d.%d; name another, as in: PYTHON=python3.12 make $@

# $(call environment,DIRECTORY,LOCK): make it with $(PYTHON), or leave it alone where it is up to date
define environment
@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit("$(TOO_OLD)" % v if v < (3, 11) else 0)'
@$(PYTHON) tools/environment.py $(1) requirements/$(2).txt
endef

CHROMIUM ?= $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name))))
NO_CHROMIUM = make $@ needs Chromium: apt-get install chromium, or CHROMIUM=/path/to/it make $@

.PHONY: help demo test coverage test-browser check docs screens soak mutants bench lock clean

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{printf "%-17s %s\n", $$1, $$2}'

demo: ## watch a batch of 96 runs on the local HealthOmics, in about 20 seconds
	$(call environment,.venv,test)
	@.venv/bin/omics-batch demo

# Some machines keep Python from writing bytecode: then each program that a test starts would compile the package again.
test coverage: export PYTHONDONTWRITEBYTECODE =

PYTEST = .venv/bin/python -m pytest -m "not slow" --hypothesis-profile=quick --numprocesses auto --dist worksteal

test: ## run the tests
	$(call environment,.venv,test)
	@$(PYTEST) $(ARGS)

coverage: ## run the tests, and see that they cover every branch of src
	$(call environment,.venv,test)
	@$(PYTEST) --cov $(ARGS)

test-browser: ## run the tests of the example service's page and of the notebook, in a real Chromium
	@command -v "$(CHROMIUM)" > /dev/null || { echo "$(NO_CHROMIUM)" >&2; exit 1; }
	$(call environment,.venv-browser,browser)
	@CHROMIUM="$$(command -v "$(CHROMIUM)")" .venv-browser/bin/python -m pytest browser $(ARGS)

check: ## lint, format, types, docs
	$(call environment,.venv-check,check)
	.venv-check/bin/ruff check
	.venv-check/bin/ruff format --check
	.venv-check/bin/mypy
	.venv-check/bin/basedpyright
	@$(MAKE) docs

docs: ## build the documentation into build/docs, and search it; a warning is an error
	$(call environment,.venv-check,check)
	.venv-check/bin/sphinx-build -W --keep-going -q -E docs build/docs
	.venv-check/bin/python tools/docs_search.py
	@echo "Open build/docs/index.html"

screens: ## draw the pictures of the terminal again, into docs/screens
	$(call environment,.venv,test)
	@PYTHONPATH=. .venv/bin/python tools/screens.py

soak: ## simulated days of up to ten thousand waits, while requests and lists go wrong: half an hour
	$(call environment,.venv,test)
	@.venv/bin/python -m pytest soaks -s $(ARGS)

mutants: ## change the code line by line and see whether the tests notice: some minutes
	$(call environment,.venv-mutants,mutants)
	@.venv-mutants/bin/python tools/mutants.py

bench: ## measure speed, start-up, memory and many waits, into docs/speed: half an hour; ARGS=calls is a part of it
	$(call environment,.venv-bench,bench)
	@.venv-bench/bin/python -m benchmarks $(ARGS)

lock: ## renew every lock under requirements/
	$(call environment,.venv,test)
	.venv/bin/python tools/lock.py

clean: ## remove what these commands made
	rm -rf .venv .venv-check .venv-browser .venv-mutants .venv-bench mutants build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
