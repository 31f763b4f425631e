# Parley. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help

BIN     := $(CURDIR)/bin
GO      ?= go
MODULES := gen pkg services
PACKAGES := ./gen/... ./pkg/... ./services/...
SERVICES := auth room telephony token gateway
COMMANDS := $(SERVICES:%=$(BIN)/parley-%) $(BIN)/parley
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -X github.com/parleymeet/parley/pkg/obs.version=$(VERSION)
GOFILES := $(shell find $(MODULES) -name '*.go' -o -name '*.sql' -o -name '*.html' -o -name go.mod -o -name go.sum 2>/dev/null)

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: run
run: build ## Run the suite on embedded defaults, with a LiveKit dev server
	@deploy/devstack/run.sh

.PHONY: run-split
run-split: build ## Run the five services as processes of their own, on PostgreSQL and Redis
	@.ci/with-services deploy/devstack/run-split.sh

.PHONY: build
build: $(COMMANDS) $(BIN)/livekit-server ## Build every binary into bin/

$(BIN)/parley: $(GOFILES)
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./services/standalone/cmd/parley

$(BIN)/parley-%: $(GOFILES)
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./services/$*/cmd/parley-$*

# LiveKit's server, from its Go module: built once, and again when its version changes.
$(BIN)/livekit-server: deploy/devstack/go.mod deploy/devstack/go.sum
	GOWORK=off $(GO) -C deploy/devstack build -trimpath -o $@ github.com/livekit/livekit-server/cmd/server
	@touch $@

.PHONY: test
test: system npm $(BIN)/livekit-server ## Install what is missing and run every test, with the race detector
	.ci/with-services $(GO) test -race -timeout 30m $(TESTFLAGS) $(PACKAGES)

# What the tests take from npm, as lock files pin it: the OpenID Connect provider of the log-in, and LiveKit's client for
# the page that the browser opens.
NPM := $(patsubst %,services/contract/%/node_modules/.package-lock.json,provider browser)

.PHONY: npm
npm: system $(NPM) ## Install what tests need of npm

$(NPM): %/node_modules/.package-lock.json: %/package.json %/package-lock.json
	npm ci --prefix $* --no-audit --no-fund --ignore-scripts
	@touch $@

.PHONY: bench
bench: system build ## Print the figures of docs/benchmarks.md on this machine
	TEST_FSYNC=on .ci/with-services $(GO) run ./services/bench $(BENCHFLAGS)

.PHONY: system
system:
	@.ci/install-system

.PHONY: tools
tools: $(BIN)/.tools ## Install the developer tools into bin/

# buf/validate comes with the Go module that publishes it: no schema registry is needed. No tool is built from that
# module, so it is downloaded by name.
$(BIN)/.tools: .ci/tools/go.mod .ci/tools/go.sum
	GOBIN=$(BIN) GOWORK=off $(GO) -C .ci/tools install tool
	@mkdir -p $(BIN)/include/buf/validate
	GOWORK=off $(GO) -C .ci/tools mod download github.com/bufbuild/protovalidate
	install -m 0644 "$$(GOWORK=off $(GO) -C .ci/tools list -m -f '{{.Dir}}' github.com/bufbuild/protovalidate)/proto/protovalidate/buf/validate/validate.proto" $(BIN)/include/buf/validate/
	@touch $@

.PHONY: generate
generate: tools ## Generate Go and OpenAPI from proto/
	rm -rf gen/parley gen/openapi/*.json
	$(BIN)/buf generate

.PHONY: check-generated
check-generated: generate ## Fail if generated code is not what proto/ says
	@git add --intent-to-add gen && git diff --exit-code --stat -- gen || { echo "run 'make generate' and commit gen/"; exit 1; }

.PHONY: lint
lint: tools ## Run the linters
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code
	$(BIN)/golangci-lint run $(PACKAGES)

.PHONY: format
format: tools ## Format Go and proto files
	$(BIN)/buf format -w
	$(BIN)/golangci-lint fmt $(PACKAGES)

.PHONY: tidy
tidy: ## Tidy every module
	for m in $(MODULES); do (cd $$m && GOWORK=off $(GO) mod tidy) || exit 1; done
	$(GO) work sync

.PHONY: ci
ci: ## What continuous integration runs
	.ci/run

.PHONY: clean
clean: ## Remove what was built
	rm -rf $(BIN)
