# Every recipe is a line or two; what decides anything is a script with --help and tests of its own.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

ENV ?= dev
PYTHON := .venv/bin/python
READY := .venv/.ready
PROJECTS := functions/shared functions/websocket_handler functions/main packaging local client

.PHONY: help
help: ## print this help
	@echo "Selador: answers that take longer than API Gateway's 29 seconds, streamed."
	@echo
	@echo "  make demo   from nothing to a streamed, cited answer, all on this machine"
	@echo "  make test   every check, as CI runs them"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: setup
setup: $(READY) ## make .venv with Python 3.13 from the locked requirements

$(READY): requirements-dev.txt scripts/setup.sh $(addsuffix /pyproject.toml,$(PROJECTS))
	@scripts/setup.sh $(MAKE_VERSION)

.PHONY: lock
lock: $(READY) ## compile requirements*.in to requirements*.txt, with hashes, for Python 3.13
	$(PYTHON) -m piptools compile --quiet --allow-unsafe --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host requirements.in
	$(PYTHON) -m piptools compile --quiet --allow-unsafe --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host requirements-dev.in

.PHONY: lint
lint: $(READY) ## ruff and mypy
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
