# The only front door. `make help` lists what it opens.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# A toolchain that rustup put into the home directory is found without a new login.
export PATH := $(HOME)/.cargo/bin:$(PATH)
DEMO_DIR := target/demo

.PHONY: help demo serve test check fmt clippy docs vectors unchanged bench crash fuzz peers toolchain node python postgres

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

toolchain:
	@command -v cargo >/dev/null || ./.ci/install-rust
	@command -v cc >/dev/null || ./.ci/install cc gcc libc6-dev

demo: toolchain ## issue the corridor over HTTP, verify its delivery offline, refuse forgeries
	cargo build --quiet -p ytterby-registry -p ytterby-cli -p examples
	rm -rf $(DEMO_DIR)
	cargo run --quiet -p examples --bin demo -- $(DEMO_DIR)

serve: toolchain ## keep a registry running on loopback, in a throw-away folder
	cargo run --quiet -p ytterby-registry -- serve --demo

test: toolchain postgres ## every test of the project
	cargo test --workspace --all-targets --no-fail-fast
	cargo test --workspace --doc

check: fmt clippy docs unchanged ## formatting, lints, documentation, generated files

fmt: toolchain
	cargo fmt --all --check

clippy: toolchain
	cargo clippy --workspace --all-targets -- -D warnings

docs: toolchain
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --quiet

vectors: toolchain ## write the vectors, schemas, the findings document and the bundles and reports of examples anew
	cargo run --quiet -p conformance --bin vectors

unchanged: vectors ## fail if that changed anything
	git diff --exit-code --stat -- proto-docs examples

bench: toolchain ## speed, as ratios to baselines of the same run; writes target/bench.json
	cargo build --release --quiet -p ytterby-registry -p ytterby-store --bins
	cargo run --release --quiet -p conformance --bin bench
	@# Where AVX-512 makes the curve faster, verification is shown without it as well.
	@! grep -qs avx512ifma /proc/cpuinfo || RUSTFLAGS= cargo run --release --quiet --target-dir target/portable \
	  -p conformance --bin bench -- distinct

crash: toolchain ## kill -9, power cuts, contention, retries and storage faults, in full; prints what was run
	cargo build --release --quiet -p ytterby-registry --bins
	cargo run --release --quiet -p conformance --bin crash

fuzz: toolchain ## fuzz every parser and the verifier for a minute each
	cargo run --release --quiet -p conformance --bin fuzz -- --seconds 60

# Without it its tests are skipped, and say so; in continuous integration they fail.
postgres:
	@ls -d /usr/lib/postgresql/*/bin >/dev/null 2>&1 || command -v pg_config >/dev/null || ./.ci/install initdb postgresql || [ "$${CI:-}" != true ]

node:
	@command -v npm >/dev/null || ./.ci/install npm nodejs npm

python:
	@python3 -c 'import ensurepip' 2>/dev/null || ./.ci/install "python3 with venv" python3 python3-venv || [ "$${CI:-}" != true ]

peers: toolchain node python ## certificates, log and status lists against independent implementations
	cargo run --quiet -p conformance --bin corridor -- target/peers/certificates
	cargo build --quiet -p ytterby-registry
	cargo run --quiet -p conformance --bin served-log -- target/peers/log
	tests/peers/run target/peers/certificates target/peers/log
