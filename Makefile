# Every recipe is a line or two; what decides anything is a script with --help and tests of its own.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

ENV ?= dev
ARCHITECTURE ?= arm64
PYTHON := .venv/bin/python
READY := .venv/.ready
PROJECTS := functions/shared functions/websocket_handler functions/main packaging local client
PIP_COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(PYTHON) -m piptools compile --quiet --allow-unsafe --generate-hashes --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
TERRAFORM := $(PYTHON) scripts/terraform.py

.PHONY: help
help: ## print this help
	@echo "Selador: answers that take longer than API Gateway's 29 seconds, streamed."
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
	@echo
	@echo "ENV=dev|staging|prod picks the environment, ARCHITECTURE=arm64|x86_64 what artifacts are built for."

.PHONY: demo
demo: linux $(READY) ## from nothing to a streamed, cited answer, all on this machine
	@$(PYTHON) -m selador_local demo

.PHONY: test
test: lint test-terraform ## every check, as CI runs them
	$(PYTHON) -m pytest

.PHONY: local
local: linux $(READY) ## the same as demo, and stays up to be talked to; Ctrl-C takes it down
	@$(PYTHON) -m selador_local up

# Before anything else is done, setup included: the laptop stack runs the artifacts themselves.
.PHONY: linux
linux:
	@[ "$$(uname)" = Linux ] || { echo "the laptop stack runs Linux artifacts, so it needs Linux: use a container, a virtual machine or WSL2" >&2; exit 1; }

.PHONY: chat
chat: $(READY) ## ask questions of the stack that `make local` runs
	@$(PYTHON) -m selador_client

.PHONY: setup
setup: $(READY) ## make .venv with Python 3.13 from the locked requirements
	@:

$(READY): requirements-dev.txt scripts/setup.sh $(addsuffix /pyproject.toml,$(PROJECTS))
	@scripts/setup.sh $(MAKE_VERSION)

.PHONY: lock
lock: $(READY) ## compile requirements*.in to requirements*.txt, with hashes, for Python 3.13
	$(PIP_COMPILE) requirements.in
	$(PIP_COMPILE) requirements-dev.in

.PHONY: artifacts
artifacts: $(READY) ## build dist/*.zip with manifest, SBOMs and provenance
	@$(PYTHON) packaging/build_artifacts.py --architecture $(ARCHITECTURE) $(if $(RELEASE),--release)

.PHONY: verify-artifacts
verify-artifacts: $(READY) ## rebuild dist elsewhere and compare bytes; AGAINST=<folder or manifest>: what you were handed
	@$(PYTHON) packaging/verify_artifacts.py $(if $(AGAINST),--against $(AGAINST))

.PHONY: compare-artifacts
compare-artifacts: $(READY) ## compare the artifacts in the folders FOLDERS="a b c"
	@$(PYTHON) packaging/verify_artifacts.py --same $(FOLDERS)

.PHONY: bench-packaging
bench-packaging: $(READY) ## measure the artifacts and their builder against other tools
	@$(PYTHON) -m benchmarks.packaging

.PHONY: lint
lint: $(READY) ## ruff, mypy, and the workflows against their schema and zizmor's rules
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy .
	.venv/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	.venv/bin/zizmor --offline --quiet .github/workflows

.PHONY: test-terraform
test-terraform: $(READY) ## terraform fmt, validate and test
	$(TERRAFORM) fmt-check
	$(TERRAFORM) validate
	$(TERRAFORM) test

.PHONY: init plan apply destroy outputs
init: $(READY) ## prepare Terraform for ENV
	@$(TERRAFORM) init --env $(ENV)
plan: $(READY) ## plan ENV with the artifacts in dist/, and save the plan
	@$(TERRAFORM) plan --env $(ENV)
apply: $(READY) ## apply the plan that `make plan` saved for ENV
	@$(TERRAFORM) apply --env $(ENV)
destroy: $(READY) ## destroy ENV, after its name is typed
	@$(TERRAFORM) destroy --env $(ENV)
outputs: $(READY) ## print what ENV has: URLs, queues, log groups
	@$(TERRAFORM) outputs --env $(ENV)

.PHONY: clean
clean: ## remove everything that is built here, and the virtual environment
	rm -rf .venv .local build dist
