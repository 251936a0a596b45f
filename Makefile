# Every recipe is a line or two; what decides anything is a script with --help and tests of its own.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

ENV ?= dev
# Whoever names neither ENV nor URL chats with the laptop stack, and deploys dev.
AT = $(if $(URL),--url="$$URL",$(NAMED_ENV))
NAMED_ENV := $(if $(filter file,$(origin ENV)),,--env="$$ENV")
ARCHITECTURE ?= arm64
MINUTES ?= 6
# Whoever names no MINUTES sees the dashboard's last hour.
LOOK_BACK := $(if $(filter file,$(origin MINUTES)),,--minutes="$$MINUTES")
SEEDS ?= 1000
PYTHON := .venv/bin/python
RUNS := .venv/.demo
READY := .venv/.ready
CHECKOV_READY := .venv/checkov/.ready
PROJECTS := functions/shared functions/authorizer functions/websocket_handler functions/main packaging deploy local client
PIP_COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(PYTHON) -m piptools compile --quiet --allow-unsafe --generate-hashes --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

# What is given to make reaches a command through the environment, as it was typed: `value` expands nothing in it, and no
# shell reads it as code. A deploy command has its flags from there: --allow-destroy from SELADOR_ALLOW_DESTROY.
# `exec` stands before whatever starts Terraform or serves: a shell between make and the command would end alone at a
# SIGTERM, and leave it running.
FLAGS := ADOPT ALARM ALLOW_DESTROY API CONFIRM DAYS_LEFT ENV FIRST HEARTBEAT JSON LEVEL LOCK PLAN PR PURGE_GONE \
	PURGE_MALFORMED RATE RELEASE REQUEST RESULTS SHOW_TEXT SINCE TOKEN URL YES
COST_FLAGS := ANSWER_SECONDS ARCHITECTURE AUTH CONNECTION_MINUTES FIRST_WORDS_SECONDS JSON KMS MEMORY_MB MODEL REQUESTS \
	REQUESTS_A_DAY TOKENS_IN TOKENS_OUT
GIVEN := $(sort $(FLAGS) $(COST_FLAGS)) AGAINST CASE EXPIRED FOLDERS FRESH MINUTES ONLY PLAIN PLANS PORT Q SEEDS SIGNED SUB TF
$(foreach name,$(GIVEN),$(eval override $(name) := $$(value $(name))))
export $(GIVEN)
deploy = $(foreach name,$(1),SELADOR_$(name)="$${$(name):-$$SELADOR_$(name)}") exec $(PYTHON) -m selador_deploy
ASK := SELADOR_TOKEN="$${TOKEN:-$$SELADOR_TOKEN}" $(PYTHON) -m selador_client
# A switch is on with 1. FRESH=0 could mean either, so it is refused.
switch = $(if $(filter-out 1,$($(1))),$(error $(1) is '$($(1))'; give $(1)=1, or none),$(if $($(1)),$(2)))
# A misspelt variable would change nothing, and nobody would hear of it. What an outer make was given is its own.
STRAY := $(filter-out PYTHON SHELL HOME PATH TMPDIR CI AWS_% NO_COLOR PIP_% PYTEST_% SELADOR_% TF_%, \
	$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name))))
$(if $(filter 0,$(MAKELEVEL)),$(if $(STRAY),$(error no target takes $(strip $(STRAY)); make help names what each takes. \
	What a program is to read stands before make: NAME=value make …)))

.PHONY: help
help:
	@echo "Selador: answers that take longer than API Gateway's 29 seconds, streamed."
	@awk -F ':.*## ' '/^##@ / { print "\n" substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "ENV=dev|staging|prod|local picks the environment, ARCHITECTURE=arm64|x86_64 what artifacts are built for."

##@ Try it

.PHONY: demo
demo: linux $(RUNS) ## from nothing to a streamed, cited answer, all on this machine
	@$(PYTHON) -m selador_local demo

.PHONY: local
local: linux $(RUNS) ## the same stack, kept up to be talked to; AUTH=none|jwt|iam, PORT=8787, FRESH=1, PLAIN=1
	@exec $(PYTHON) -m selador_local up $(if $(PORT),--port="$$PORT") $(if $(AUTH),--auth="$$AUTH") $(call switch,FRESH,--fresh) $(call switch,PLAIN,--plain)

.PHONY: local-env
local-env: $(RUNS) ## print what reaches the stack by boto3 and the AWS CLI: eval "$(make -s local-env)"
	@$(PYTHON) -m selador_local env

.PHONY: token
token: $(RUNS) ## print a token for `make local AUTH=jwt`: SUB=<whom it is for>, EXPIRED=1
	@$(PYTHON) -m selador_local token --subject="$$SUB" $(call switch,EXPIRED,--expired)

.PHONY: chat
chat: $(RUNS) ## ask questions in a conversation, of the stack that `make local` runs or of ENV=… or URL=…; TOKEN=…
	@$(ASK) chat $(AT)

.PHONY: ask
ask: $(RUNS) ## ask one question: Q="…"; of the stack that `make local` runs or of ENV=… or URL=…; TOKEN=…
	@$(ASK) ask $(AT) -- "$$Q"

.PHONY: dashboard-preview
dashboard-preview: $(RUNS) ## draw the dashboard of the stack that `make local` runs into .local/dashboard.svg: MINUTES=60
	@$(PYTHON) -m selador_local.dashboard_preview $(LOOK_BACK)

.PHONY: misbehave
misbehave: $(RUNS) ## serve a case of client/cases, CASE=<name>, to a client that you write; without CASE, list them
	@exec $(PYTHON) -m selador_client.misbehaving $(if $(PORT),--port="$$PORT") -- "$$CASE"

# Before anything else is done, setup included: the laptop stack runs the artifacts themselves.
.PHONY: linux
linux:
	@[ "$$(uname)" = Linux ] || { echo "the laptop stack runs Linux artifacts, so it needs Linux: use a container, a virtual machine or WSL2" >&2; exit 1; }

##@ Deploy (ENV=…)

.PHONY: artifacts
artifacts: $(RUNS) ## build dist/*.zip with manifest, SBOMs and provenance
	@$(PYTHON) packaging/build_artifacts.py --architecture="$$ARCHITECTURE" $(call switch,RELEASE,--release)

.PHONY: verify-artifacts
verify-artifacts: $(RUNS) ## rebuild dist elsewhere and compare bytes; AGAINST=<folder or manifest> you were handed, SIGNED=1
	@$(PYTHON) packaging/verify_artifacts.py $(if $(AGAINST),--against="$$AGAINST") $(call switch,SIGNED,--signed)

# Without quotes, the shell splits FOLDERS into words; it still runs nothing that they hold.
.PHONY: compare-artifacts
compare-artifacts: $(RUNS) ## compare the artifacts in the folders FOLDERS="a b c"
	@$(PYTHON) packaging/verify_artifacts.py --same $$FOLDERS

# One rule for the rows of deploy/selador_deploy/cli.py that have ENV; a test compares each line with its row.
COMMANDS := doctor bootstrap init publish plan import show apply comment outputs smoke page-test drift unlock destroy dlq redrive trace hurt logs
.PHONY: $(COMMANDS)
$(COMMANDS): $(RUNS)
	@$(call deploy,$(FLAGS)) $@
doctor: ## name what a first apply of ENV lacks, and the remedy; DAYS_LEFT=1
bootstrap: ## make the buckets and the log role of ENV's account, once; YES=1 doesn't ask
init: ## connect to ENV's state and select its workspace
publish: ## upload the artifacts in dist/ to ENV's bucket, each under its hash
plan: ## plan ENV with dist/ or RELEASE=…, summarize and save it; JSON=1, ALLOW_DESTROY='…', ADOPT=1
import: ## find a system that was made by hand, and have make plan adopt it into ENV: API=<id or name>
show: ## print the saved plan of ENV, whole; JSON=1, PLAN=<its hash>
apply: ## apply the plan that `make plan` saved for ENV, if nothing has changed since; PLAN=<its hash>
comment: ## put the last plan of ENV on the pull request PR=<its number>, by gh

.PHONY: cost
cost: $(RUNS) ## estimate a month's bill by service, beside other designs: REQUESTS=…, TOKENS_OUT=…, MODEL=…, JSON=1
	@$(call deploy,$(COST_FLAGS)) cost

##@ Operate (ENV=…)

outputs: ## print ENV's URLs, queues and log groups; JSON=1
smoke: ## ask ENV a question as a client, and say what fails and why; URL=…, TOKEN=…, HEARTBEAT=1
page-test: ## let one alarm of ENV go off by hand, and say whether its notification arrives; ALARM=…
drift: ## exit 2 if what exists in ENV has moved from the state
unlock: ## take ENV's state from a holder that has died: LOCK=<id>
destroy: ## destroy ENV, after its name is typed, or CONFIRM=<its name>
dlq: ## list ENV's dead letters: why, since when, who still waits; SHOW_TEXT=1, JSON=1
redrive: ## send dead letters again whose clients wait; YES=1, FIRST=3, RATE=2, PURGE_GONE=1, PURGE_MALFORMED=1
trace: ## print one request's life from the logs: REQUEST=<id>, SINCE=1d
hurt: ## say whose requests failed, and how: SINCE=1h, JSON=1
logs: ## follow what functions and API write: REQUEST=<id>, LEVEL=warning, SINCE=1m

##@ Develop

.PHONY: setup
setup: $(READY) ## make .venv with Python 3.13 from the locked requirements
	@:

# The link is followed: set-up runs again if the Python behind .venv is gone, or was replaced by another.
$(PYTHON):

# What runs comes first: a demo is not kept waiting for mypy.
$(RUNS): requirements-demo.txt scripts/setup.sh $(PYTHON) $(addsuffix /pyproject.toml,$(PROJECTS))
	@scripts/setup.sh $(MAKE_VERSION) demo

$(READY): requirements-dev.txt $(RUNS)
	@scripts/setup.sh $(MAKE_VERSION) dev

.PHONY: test
test: lint test-terraform ## every check, as CI runs them
	$(PYTHON) -m pytest --numprocesses 4 --no-loadscope-reorder --cov --cov-report=json:build/coverage.json
	@$(PYTHON) scripts/check_coverage.py build/coverage.json

.PHONY: test-packages
test-packages: $(READY) ## pack the twenty packages that functions use most, from the package index, and use them
	$(PYTHON) -m pytest -m packages tests/packaging/test_lambda_packages.py

.PHONY: torture
torture: $(READY) ## simulate SEEDS=1000 worlds of twenty requests each, in which every step may fail
	@$(PYTHON) -m tests.simulation --seeds "$$SEEDS"

.PHONY: lint
lint: $(READY) $(CHECKOV_READY) ## ruff, mypy, checkov over terraform/, the workflows against their schema and zizmor
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy .
	$(PYTHON) scripts/check_security.py .venv/checkov/bin/checkov
	.venv/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	.venv/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	.venv/bin/zizmor --offline --quiet .github

$(CHECKOV_READY): requirements-checkov.txt $(READY)
	@echo "lint: installing checkov in an environment of its own (about half a minute the first time)"
	@$(PYTHON) -m venv --clear .venv/checkov
	@.venv/checkov/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements-checkov.txt
	@touch $@

.PHONY: test-terraform
test-terraform: $(READY) ## terraform fmt, validate (each module, too) and test
	@$(PYTHON) -m selador_deploy fmt-check
	@$(PYTHON) -m selador_deploy validate
	@$(PYTHON) -m selador_deploy test

.PHONY: workflows
workflows: $(READY) ## check the workflows' files, and write what the handler has to know of them
	@$(PYTHON) -m selador_main.workflows --write

.PHONY: lint-protocol
lint-protocol: node_modules ## check the published protocol with AsyncAPI's own parser and with TypeScript (needs Node.js 20 or newer)
	node scripts/check_asyncapi.mjs docs/asyncapi.yaml
	node_modules/.bin/tsc --noEmit --strict client/typescript/protocol.ts

.PHONY: test-web
test-web: client/web/node_modules client/agui/node_modules ## try the TypeScript clients by the table of cases (seconds; needs Node.js)
	cd client/web && npm test
	cd client/agui && npm test

.PHONY: web
web: client/web/node_modules ## build the browser client into client/web/built, which the laptop stack serves
	cd client/web && npm run build

.PHONY: test-browser
test-browser: linux $(RUNS) client/web/node_modules ## try that page in Chromium, by itself and on a stack (five minutes; needs Node.js)
	cd client/web && npm run test-browser

client/%/node_modules: client/%/package.json client/%/package-lock.json
	@command -v npm >/dev/null || { echo "npm is not on PATH; install Node.js 20.19 or newer" >&2; exit 1; }
	cd client/$* && npm ci --ignore-scripts
	@touch $@

.PHONY: lint-sboms
lint-sboms: artifacts node_modules ## check the artifacts' SBOMs with the CycloneDX project's own validator (needs Node.js)
	node scripts/check_sboms.mjs dist/*.cdx.json

node_modules: package.json package-lock.json
	@command -v npm >/dev/null || { echo "npm is not on PATH; install Node.js 20 or newer" >&2; exit 1; }
	npm ci --ignore-scripts
	@touch node_modules

.PHONY: lock
lock: $(READY) ## compile requirements*.in to requirements*.txt, with hashes, for Python 3.13
	$(PIP_COMPILE) requirements.in
	$(PIP_COMPILE) requirements-demo.in
	$(PIP_COMPILE) requirements-dev.in
	$(PIP_COMPILE) requirements-checkov.in

.PHONY: protocol
protocol: $(READY) ## write the published schemas, types and AsyncAPI document from the protocol's models
	@PYTHONPATH=scripts $(PYTHON) -m generate_protocol

.PHONY: tables
tables: $(READY) ## write the outcome table into docs/architecture.md, docs/local-fidelity.md and the costs into docs/cost.md
	@$(PYTHON) scripts/generate_outcome_table.py
	@$(PYTHON) scripts/generate_cost_table.py
	@$(PYTHON) scripts/generate_local_fidelity.py

.PHONY: conformance
conformance: $(READY) node_modules ## compare the laptop stack with AWS, fact by fact (ten minutes; needs Node.js)
	$(PYTHON) -m pytest tests/conformance -m "slow or not slow"

.PHONY: test-taints
test-taints: $(READY) ## taint each resource of an environment, apply and look whether it is there (a quarter of an hour)
	$(PYTHON) -m pytest tests/terraform/test_taints.py -m slow -s

.PHONY: test-lives
test-lives: $(READY) ## lead environments through every change, loss and killed apply that the tests know (an hour)
	$(PYTHON) -m pytest -m 'slow or not slow' tests/terraform/test_local_apply.py tests/terraform/test_unhappy_life.py \
		tests/terraform/test_upgrade.py

.PHONY: test-examples
test-examples: $(READY) ## apply each example of terraform/examples, plan it again, and destroy it (ten minutes)
	$(PYTHON) -m pytest tests/terraform/test_examples.py -m slow

.PHONY: test-adoption
test-adoption: linux $(READY) ## import a system made by hand, plan, apply, and ask at the same URL (five minutes)
	$(PYTHON) -m pytest tests/end_to_end/test_adoption.py -m slow
	@cat build/adoption.txt

.PHONY: test-permissions
test-permissions: linux $(READY) ## take each permission of the functions away in turn, and see what fails (three minutes)
	$(PYTHON) -m pytest tests/end_to_end/test_permissions.py -m slow

.PHONY: test-deploy-roles
test-deploy-roles: $(READY) ## make the roles of planner, deployer and publisher, and deploy by them alone (half an hour)
	$(PYTHON) -m pytest tests/terraform/test_deploy_roles.py -m slow -s

.PHONY: test-variables
test-variables: linux $(READY) ## answer in batches, and refuse what is too old, on a stack with these values (five minutes)
	$(PYTHON) -m pytest tests/end_to_end/test_variables.py -m slow

.PHONY: test-cloudwatch
test-cloudwatch: linux $(READY) ## see metrics, logs and an alarm of a stack whose minutes take three seconds (two minutes)
	$(PYTHON) -m pytest tests/end_to_end/test_cloudwatch.py -m slow

.PHONY: test-operations
test-operations: linux $(READY) ## make real dead letters, redrive them, kill the redrive; trace and follow (ten minutes)
	$(PYTHON) -m pytest tests/end_to_end/test_operations.py -m slow

.PHONY: test-runbooks
test-runbooks: linux $(READY) ## run every command of the runbooks against a laptop stack (ten minutes; needs the AWS CLI, jq and curl)
	$(PYTHON) -m pytest tests/end_to_end/test_runbooks.py -m slow -s

.PHONY: drill
drill: linux $(RUNS) ## put in each alarm's fault, on a fast laptop stack, and see it go off and end: ONLY=<alarms> (half an hour)
	@exec $(PYTHON) -m selador_local.drills --only="$$ONLY"

.PHONY: soak-deploys
soak-deploys: linux $(READY) ## apply every half a minute for MINUTES=6, under load: no answer is lost or doubled
	$(PYTHON) -m pytest tests/end_to_end/test_deploys_under_load.py -m slow
	@cat build/soak-deploys.json

.PHONY: test-pipeline
test-pipeline: linux $(READY) ## run the workflows' steps, each job in a checkout of its own, on a laptop stack (five minutes)
	$(PYTHON) -m pytest tests/end_to_end/test_pipeline.py -m slow

.PHONY: test-restart
test-restart: $(READY) ## start a laptop stack three times, and look what is applied each time (three minutes)
	$(PYTHON) -m pytest tests/end_to_end/test_restart.py -m slow -s

.PHONY: test-signals
test-signals: linux $(READY) ## stop make local by each signal in the middle of its start: nothing is left (six minutes)
	$(PYTHON) -m pytest tests/end_to_end/test_signals.py -m slow

.PHONY: readmes
readmes: $(READY) ## write the tables of variables and outputs into the Terraform modules' READMEs
	@$(PYTHON) scripts/generate_readmes.py

.PHONY: policies
policies: $(READY) ## write the policies of planner, deployer and publisher from the calls that were recorded
	@$(PYTHON) scripts/generate_policies.py

.PHONY: record-permissions
record-permissions: $(READY) ## record what planning, deploying and publishing ask of AWS (a quarter of an hour)
	@$(PYTHON) -m tests.terraform.record
	@$(PYTHON) scripts/generate_policies.py

.PHONY: bench-packaging
bench-packaging: $(READY) ## measure the artifacts and their builder against other tools
	@$(PYTHON) -m benchmarks.packaging

.PHONY: bench-streaming
bench-streaming: linux $(RUNS) ## measure how fast tokens reach a client, against one post per token (two minutes)
	@$(PYTHON) packaging/build_artifacts.py --architecture host --output .local/bench
	@$(PYTHON) benchmarks/streaming.py --zip .local/bench/main.zip

.PHONY: bench-stack
bench-stack: linux $(READY) ## measure the laptop stack, under load for MINUTES=6 in the end; writes benchmarks/stack.md
	@exec $(PYTHON) -m benchmarks.stack --minutes "$$MINUTES"

.PHONY: bench-logs
bench-logs: $(RUNS) ## measure the bytes of log of a request on the stack that `make local` runs, for `make cost`
	@$(PYTHON) -m benchmarks.log_bytes

.PHONY: clean
clean: ## remove what is built here and .venv; PLANS=1 saved plans, too
	@scripts/clean.sh
