# One command each; `make help` lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TORCH ?= torch==2.13.0
READY := $(VENV)/.ready

.PHONY: help demo test lint eval train train-quotes train-stance bench data check audit clean
.DEFAULT_GOAL := help

help: ## lists the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-13s %s\n' "$$name" "$$text"; done

$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -c 'import torch' 2>/dev/null || $(BIN)/python -m pip install --quiet '$(TORCH)'
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

demo: $(READY) ## classifies the five real articles of seeds/test and writes build/demo.html
	$(BIN)/stance classify seeds/test/*.json
	$(BIN)/stance classify seeds/test/*.json --format html --output build/demo.html
	@echo "The same as a page: build/demo.html"

test: lint ## lint, types and the whole test suite
	$(BIN)/python -m pytest

lint: $(READY) ## ruff and mypy alone
	$(BIN)/ruff check .
	$(BIN)/mypy

eval: $(READY) ## the evaluation table on every labelled set at hand; STANCE_DATA names a folder of corpora
	$(BIN)/stance evaluate

train: train-quotes train-stance ## retrains both shipped models from their recipes; needs the corpora

train-quotes: $(READY)
	$(BIN)/stance train quotes

train-stance: $(READY)
	$(BIN)/stance train stance

bench: $(READY) ## words a second and peak memory on the articles of seeds/test
	$(BIN)/python -m stance.evaluation.bench

check: $(READY) ## checks every labelled article
	$(BIN)/stance check seeds

audit: $(READY) ## counts the labelled quotes; looks for leaks, short cuts and doubtful labels
	$(BIN)/python -m stance.evaluation.audit

data: $(READY) ## fetches the public corpora into data/, verifies them, says what their licences allow
	$(BIN)/stance fetch

clean: ## removes what was built
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache
