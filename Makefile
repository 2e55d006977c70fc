# Everything goes through here; `make` alone builds the program.
.PHONY: build setup demo test unit bench format install tarball clean

build: setup
	@scripts/build.sh release gristmill gristmill-serve

setup:
	@scripts/setup.sh

# The main job on real data: three kinds of source → a model → an answer over HTTP.
demo: build
	@examples/flights/demo.sh

# All checks; ends with `N passed, N failed`.
test: setup
	@scripts/test.sh

# Only the unit tests, of the release build: the quick check while working.
unit: setup
	@scripts/test.sh unit

# Every figure of the README, with the peers beside it.
bench: build
	@bench/run.sh

format: setup
	@scripts/format.sh

# A relocatable tree; PREFIX=… says where.
PREFIX ?= build/install
install: build
	@cmake --install build/release --prefix $(PREFIX)

tarball: build
	@scripts/tarball.sh

clean:
	rm -rf build/release build/debug build/tsan build/fuzz
