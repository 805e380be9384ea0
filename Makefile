# Commands for contributors. Everything also works without make: a recipe is a line or two.
GO ?= go
FUZZTIME ?= 10s
BENCHTIME ?= 1s
KILLS ?= 50
UPGRADE ?= 10000
COSTS ?= some
SOAKTIME ?= 1h
BINARY ?= qianshao
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)

.PHONY: build release test lint race fuzz bench compare slopes instructions demo pictures ci soak costs clean

build: ## one static binary, ./qianshao
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o $(BINARY) ./cmd/qianshao

release: ## into dist/: binaries and Debian packages for amd64 and arm64, their SBOMs, checksums
	./.ci/release dist amd64 arm64

test:
	$(GO) test ./...

lint: ## golangci-lint, which .ci/lint installs
	./.ci/lint

race: ## needs a C compiler; does not watch SQLite's translated C code, see .ci/run
	CGO_ENABLED=1 $(GO) test -race -short -gcflags=modernc.org/sqlite/lib=-race=false ./...

fuzz: ## every fuzz target for FUZZTIME
	@FUZZTIME=$(FUZZTIME) ./.ci/fuzz

bench: ## MB/s and allocations; figures and the machine in docs/performance.md
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./...

compare: ## twenty minutes: compares with html.Parse, Python, Rust and Colly; the rows of docs/performance.md
	CGO_ENABLED=0 $(GO) run ./.ci/bench compare
	.ci/bench/terms/run
	QIANSHAO_THROUGHPUT=1 $(GO) test -count 1 -timeout 30m -run 'TestThroughput$$' -v ./cmd/qianshao

slopes: ## minutes: how cost grows with work; writes the table of docs/performance.md and its plot
	CGO_ENABLED=0 $(GO) run ./.ci/bench slopes --write

instructions: ## needs valgrind; updates the instruction counts of ten inputs, after an intended change
	CGO_ENABLED=0 $(GO) run ./.ci/instructions --update

demo: ## crawls the demo's web, then keeps the console open
	$(GO) run ./cmd/qianshao demo

pictures: ## retakes the pictures of README and docs; needs Chromium, poppler-utils and a Chinese font
	QIANSHAO_BROWSER_TESTS=1 QIANSHAO_PICTURES=$(CURDIR)/docs/images $(GO) test -count 1 -run TestPictures ./internal/browsertest
	chromium --headless=new --no-sandbox --no-pdf-header-footer --print-to-pdf=$(CURDIR)/report.pdf file://$(CURDIR)/report/document/testdata/week.zh.html
	pdftoppm -r 72 -png -f 1 -l 2 report.pdf docs/images/report
	rm report.pdf

ci: ## all checks that must pass before a change is merged
	./.ci/run

soak: ## hours: 20,000 pages killed KILLS times, a full disk, an older program's folder of UPGRADE findings upgraded, every fuzz target for SOAKTIME
	QIANSHAO_FULL_WEB=1 QIANSHAO_KILLS=$(KILLS) $(GO) test -count 1 -timeout 6h -v -run 'TestLocalWeb|TestKill9|TestDiskFull' ./cmd/qianshao
	QIANSHAO_UPGRADE=$(UPGRADE) $(GO) test -count 1 -timeout 2h -v -run 'TestUpgrade$$' ./cmd/qianshao
	QIANSHAO_KILLS=$(KILLS) $(GO) test -count 1 -timeout 1h -v -run TestKilledDesk ./store/sqlstore/review
	QIANSHAO_KILLS=$(KILLS) $(GO) test -count 1 -timeout 1h -v -run 'TestKilledAPI|TestKilledSender' ./internal/app
	@FUZZTIME=$(SOAKTIME) ./.ci/fuzz

costs: ## minutes: memory and CPU of inputs made to be costly (COSTS=. for all); writes their table into docs/performance.md
	QIANSHAO_COSTS='$(COSTS)' $(GO) test -count 1 -timeout 1h -v -run TestCosts ./cmd/qianshao -update

clean:
	rm -rf qianshao dist
