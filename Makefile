# What a contributor types. Everything works without make too: each recipe is one line.
GO ?= go
FUZZTIME ?= 10s
BENCHTIME ?= 1s

.PHONY: build test lint race fuzz bench demo ci clean

build: ## one static binary, ./qianshao; "ne" leaves out dictionaries of gse that we do not use
	CGO_ENABLED=0 $(GO) build -tags ne -trimpath -ldflags '-s -w' -o qianshao ./cmd/qianshao

test:
	$(GO) test ./...

lint: ## golangci-lint v2; .ci/run names the version
	golangci-lint run ./...

race: ## needs a C compiler
	CGO_ENABLED=1 $(GO) test -race -short ./...

fuzz: ## every fuzz target for FUZZTIME
	@FUZZTIME=$(FUZZTIME) ./.ci/fuzz

bench: ## MB/s and allocations; figures and the machine in docs/performance.md
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./...

demo: ## crawls the demo's web, then keeps the console open
	$(GO) run ./cmd/qianshao demo

ci:
	./.ci/run

clean:
	rm -f qianshao
