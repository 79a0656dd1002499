# The commands of this project. `make` alone lists them.

PYTHON ?= python3
BIN = .venv/bin
COMPILE = $(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make requirements"

export PYTHON

.DEFAULT_GOAL := help
.PHONY: help run test test-exhaustive lint bench requirements

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Install what is needed and start Holdfast; Ctrl-C stops it
	@.ci/install requirements.txt && exec $(BIN)/python manage.py up

test: ## Run the tests
	@.ci/install requirements.txt requirements-dev.txt && exec $(BIN)/python -m pytest -n 4 -m "not exhaustive"

test-exhaustive: ## Run the same again at every point, version and case; or PART=1/6 of it
	@.ci/install requirements.txt requirements-dev.txt && exec $(BIN)/python -m pytest -n 4 -m exhaustive $(if $(PART),--part $(PART))

lint: ## Check style, types, layers and migrations
	@.ci/install requirements.txt requirements-dev.txt requirements-lint.txt && exec .ci/lint

bench: ## Measure a backup beside pg_dump, a shell pipe and django-dbbackup
	@.ci/install requirements.txt requirements-dev.txt && exec $(BIN)/python -m bench

requirements: ## Pin the requirements anew, with hashes
	@.ci/install requirements.txt requirements-lint.txt
	$(COMPILE) requirements.in --output-file requirements.txt
	$(COMPILE) requirements-dev.in --output-file requirements-dev.txt
	$(COMPILE) requirements-lint.in --output-file requirements-lint.txt
