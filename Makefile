# Everything a developer does here. Needs Go, make and git; what else is
# missing, deploy/local/install.sh installs from Debian's packages.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# What to test and lint: make test PKG=./cell/...
PKG ?= ./...
# Arguments for the command behind a target: make logs ARGS='cell-a-api -f'
ARGS ?=

local_bin := .local/bin
lint_version = $(shell awk '$$1 == "github.com/golangci/golangci-lint/v2" {print $$2}' deploy/tools/go.mod)
golangci_lint = .local/tools/golangci-lint-$(lint_version)
mock_version = $(shell awk '$$1 == "github.com/stripe/stripe-mock" {print $$2}' deploy/tools/stripe-mock/go.mod)
stripe_mock = .local/tools/stripe-mock-$(mock_version)
hydra_version = $(shell awk '$$1 == "require" && $$2 == "github.com/ory/hydra/v2" {print $$3} $$1 == "github.com/ory/hydra/v2" {print $$2}' deploy/tools/hydra/go.mod)
hydra = .local/tools/hydra-$(hydra_version)
tflint_version = $(shell awk '$$1 == "github.com/terraform-linters/tflint" {print $$2}' deploy/tools/tflint/go.mod)
tflint = .local/tools/tflint-$(tflint_version)
jaeger_version = $(shell awk '$$1 == "require" && $$2 == "github.com/jaegertracing/jaeger" {print $$3}' deploy/tools/jaeger/go.mod)
jaeger = .local/tools/jaeger-$(jaeger_version)
# A provider that knows the names and types of Google's and nothing else, for where
# the registry cannot be reached: a directory with an install script.
TERRAFORM_STANDIN ?= ../shared/terraform-standin

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: up down nuke status logs
up: install $(local_bin)/local $(hydra) ## Start the whole platform on this machine (PORT_OFFSET=1000 moves its ports)
	@$(local_bin)/local up --jaeger $(jaeger) $(ARGS)
	@[[ -x $(jaeger) ]] || { echo; echo 'The platform is up; what is left is to show its traces.'; \
		$(MAKE) --no-print-directory $(jaeger) && $(local_bin)/local up --jaeger $(jaeger) $(ARGS); }

down: $(local_bin)/local ## Stop it and keep its data
	@$(local_bin)/local down $(ARGS)

nuke: $(local_bin)/local ## Stop it and remove its data
	@$(local_bin)/local nuke $(ARGS)

status: $(local_bin)/local ## Show its parts; fails if one is dead
	@$(local_bin)/local status $(ARGS)

logs: $(local_bin)/local ## Show logs (ARGS='cell-a-api -f')
	@$(local_bin)/local logs $(ARGS)

.PHONY: test test-race
# One package more than there are processors: some of them wait a good deal.
test: install $(local_bin)/withservers $(stripe_mock) $(hydra) ## Run all tests against real servers
	@$(local_bin)/withservers -- go test -p $$(($$(nproc) + 1)) -timeout 12m $(ARGS) $(PKG)

test-race: install $(local_bin)/withservers $(stripe_mock) $(hydra) ## Run all tests with the race detector
	@$(local_bin)/withservers -- go test -race -timeout 20m $(ARGS) $(PKG)

.PHONY: lint
lint: $(golangci_lint) ## Check the code (the linter is built once)
	@$(golangci_lint) run --allow-parallel-runners $(ARGS) $(PKG)
	@[[ "$(PKG)" != ./... ]] || for module in terraform/check deploy/check; do \
		(cd $$module && $(CURDIR)/$(golangci_lint) run --config $(CURDIR)/.golangci.yml --allow-parallel-runners) || exit 1; done

.PHONY: generate verify
generate: ## Generate code from the API documents
	@go generate ./...

verify: generate ## Fail if generated code, go.mod or formatting is not up to date
	@git --no-pager diff --exit-code --stat -- '*.gen.go' || { echo 'make generate changed the files above: commit them' >&2; exit 1; }
	@untracked=$$(git ls-files --others --exclude-standard -- '*.gen.go'); \
		[[ -z $$untracked ]] || { echo "generated, but not in git: $$untracked" >&2; exit 1; }
	@go mod tidy -diff
	@unformatted=$$(git ls-files -z --cached --others --exclude-standard -- '*.go' | xargs -0 gofmt -l); \
		[[ -z $$unformatted ]] || { echo "not formatted by gofmt: $$unformatted" >&2; exit 1; }
	@go vet ./...

.PHONY: bench
bench: install $(hydra) ## Measure what the platform promises
	@go run ./loadtest/bench $(ARGS)

# A program of its own and not "go run", which would keep a signal to itself.
.PHONY: bench-router
bench-router: ## Measure the router against HAProxy and nginx (ARGS=-short: on a busy machine)
	@deploy/local/install.sh haproxy nginx
	@go build -o $(local_bin)/bench-router ./loadtest/benchrouter
	@exec $(local_bin)/bench-router $(ARGS)

.PHONY: bench-cell
bench-cell: install ## Measure a cell against pgbench, Redis and PgBouncer (ARGS=-short: in a minute or two)
	@go build -o $(local_bin)/bench-cell ./loadtest/benchcell
	@exec $(local_bin)/bench-cell $(ARGS)

.PHONY: bench-jobs
bench-jobs: ## Measure a cell's jobs alone (ARGS=-short)
	@$(MAKE) --no-print-directory bench-cell ARGS='-only jobs $(ARGS)'

# Programs of their own, as above.
.PHONY: bench-migration chaos chaos-jobs drill
bench-migration: install $(hydra) ## Measure what tenants notice of a live migration (ARGS=-short: minutes)
	@go build -o $(local_bin)/bench-migration ./loadtest/benchmigration
	@exec $(local_bin)/bench-migration $(ARGS)

.PHONY: bench-loadtest
bench-loadtest: $(hydra) ## Measure the load tester itself, against wrk (ARGS=-short: minutes)
	@deploy/local/install.sh wrk
	@go build -o $(local_bin)/bench-loadtest ./loadtest/benchloadtest
	@exec $(local_bin)/bench-loadtest $(ARGS)

.PHONY: bench-billing
bench-billing: install $(local_bin)/withservers ## Measure the intake of webhooks and usage (ARGS='-benchtime 10000x')
	@$(local_bin)/withservers -- go test -run '^$$' -bench . $(ARGS) ./controlplane/internal/billing ./controlplane/internal/stripe

chaos: install $(hydra) ## Break every process in every stage of a migration (ARGS=-short: a sample)
	@go build -o $(local_bin)/chaos ./loadtest/chaos
	@exec $(local_bin)/chaos $(ARGS)

drill: install ## Have disasters and recover from them (ARGS='-only cell-restored -short')
	@go build -o $(local_bin)/drill ./loadtest/drill
	@exec $(local_bin)/drill $(ARGS)

chaos-jobs: install ## Kill what jobs need, 50 times, and count lost and doubled effects (ARGS=-short: 8 times)
	@go build -o $(local_bin)/chaos-jobs ./loadtest/chaosjobs
	@exec $(local_bin)/chaos-jobs $(ARGS)

.PHONY: bench-identity test-browser
bench-identity: install $(hydra) ## Measure logins, and what verified tokens cost the authorization server (ARGS=-short)
	@go build -o $(local_bin)/bench-identity ./loadtest/benchidentity
	@exec $(local_bin)/bench-identity $(ARGS)

test-browser: $(hydra) ## Drive a real browser from sign-up to sign-out
	@deploy/local/install.sh chromium
	@go test -tags browser -count=1 -timeout 10m $(ARGS) ./loadtest/browser

.PHONY: smuggling
smuggling: ## Attack the router, with real servers behind it (ARGS=-short: fewer mutations)
	@deploy/local/install.sh nginx apache2 nodejs
	@go test -tags smuggling -count=1 -v $(ARGS) ./loadtest/smuggling

# Everything happens in copies under .local/terraform. The file that TF_CLI_CONFIG_FILE
# names says where providers come from; else the stand-in, if there is one; else the registry.
.PHONY: test-terraform
test-terraform: $(tflint) ## Test the infrastructure code, without a cloud (ARGS='-only network', -quick)
	@command -v terraform >/dev/null || { echo 'test-terraform needs terraform 1.9 or later in PATH: https://developer.hashicorp.com/terraform/install' >&2; exit 1; }
	@mkdir -p $(local_bin) .local/terraform
	@go -C terraform/check build -o $(CURDIR)/$(local_bin)/terraform-check .
	@if [[ ! -e $${TF_CLI_CONFIG_FILE:-/none} && -x $(TERRAFORM_STANDIN)/install ]]; then \
		$(local_bin)/terraform-check -source terraform -trim-standin $(TERRAFORM_STANDIN) -work .local/terraform/standin; \
		.local/terraform/standin/install .local/terraform >/dev/null; \
		export TF_CLI_CONFIG_FILE=$(CURDIR)/.local/terraform/terraform.rc; \
		echo 'Provider: a stand-in with the names and types of hashicorp/google. It knows no values, no conflicts, no cloud.'; \
	fi; \
	exec $(local_bin)/terraform-check -source terraform -work $(CURDIR)/.local/terraform/work -tflint $(CURDIR)/$(tflint) $(ARGS)

.PHONY: test-deploy
test-deploy: $(hydra) ## Test manifests, images and compose, without a cluster (ARGS=-quick, ARGS=-update)
	@mkdir -p $(local_bin)
	@go build -o $(local_bin)/ ./cell/cmd/cell ./router/cmd/router ./controlplane/cmd/controlplane
	@go -C deploy/check build -o $(CURDIR)/$(local_bin)/deploy-check .
	@exec $(local_bin)/deploy-check -root . -programs $(local_bin) -hydra $(hydra) $(ARGS)

.PHONY: model
model: ## Check the model of a tenant's move, and that every planted mistake is found
	@deploy/local/install.sh spin gcc
	@controlplane/internal/migration/model/check.sh $(ARGS)

.PHONY: test-alerts
test-alerts: ## Try every alert: firing, quiet just below, metrics absent
	@deploy/local/install.sh prometheus
	@go run ./deploy/alerts/cmd/alerts test

.PHONY: test-traces
test-traces: install $(hydra) $(jaeger) ## Follow a request through all programs in a real Jaeger
	@JAEGER=$(CURDIR)/$(jaeger) go test -tags traces -count=1 -timeout 10m $(ARGS) ./loadtest/traces

.PHONY: build
build: ## Build the programs into .local/bin
	@mkdir -p $(local_bin)
	@go build -o $(local_bin)/ ./controlplane/cmd/... ./router/cmd/... ./cell/cmd/... ./deploy/local/cmd/... ./loadtest/cmd/...

.PHONY: install
install:
	@deploy/local/install.sh

# Go knows better than make what is up to date.
.PHONY: $(local_bin)/local $(local_bin)/withservers
$(local_bin)/local:
	@[[ -e $@ ]] || echo 'Building the local platform (the first time Go compiles everything: a minute or two)'
	@go build -o $@ ./deploy/local/cmd/local

$(local_bin)/withservers:
	@go build -o $@ ./shared/testkit/cmd/withservers

$(stripe_mock):
	@echo 'Building stripe-mock $(mock_version), once'
	@go -C deploy/tools/stripe-mock build -o $(CURDIR)/$@ github.com/stripe/stripe-mock

.PHONY: hydra
hydra: $(hydra) ## Build the authorization server, once

# With cgo for the database in memory that tests use.
$(hydra):
	@deploy/local/install.sh gcc
	@echo 'Building Ory Hydra $(hydra_version), once (a minute or two)'
	@go -C deploy/tools/hydra build -tags sqlite -ldflags '-s -w -X github.com/ory/hydra/v2/driver/config.Version=$(hydra_version)' -o $(CURDIR)/$@ .

# A module of upstream's own requirements: its program is built with those versions
# or not at all (deploy/tools/jaeger).
$(jaeger):
	@echo 'Building Jaeger $(jaeger_version), once (some minutes)'
	@go -C deploy/tools/jaeger build -trimpath -ldflags=-s -o $(CURDIR)/$@ github.com/jaegertracing/jaeger/cmd/all-in-one

# Named after its version: a new version is built, an old one is never run.
$(golangci_lint):
	@echo 'Building golangci-lint $(lint_version), once (about a minute)'
	@go -C deploy/tools build -o $(CURDIR)/$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(tflint):
	@echo 'Building tflint $(tflint_version), once (about a minute)'
	@go -C deploy/tools/tflint build -o $(CURDIR)/$@ github.com/terraform-linters/tflint
