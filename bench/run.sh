#!/bin/bash
# Every figure of the README beside its peers, in the same run on the same cores; one JSON line a figure.
#   run.sh                 all: serve flights expressions rules servers slope memory impute explain encoders linear tables
#   run.sh FIGURE...       some
#   ROUNDS=N               how often each is measured; medians are taken
# What the peers need is installed here and nowhere else.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- serve flights expressions rules servers slope memory impute explain encoders linear tables
scripts/venv.sh bench
for figure in "$@"; do
  case $figure in
    serve)
      scripts/apt.sh wrk libboost1.81-dev
      cmake -S bench/serve_peer -B build/bench/peer -G Ninja >/dev/null
      ninja -C build/bench/peer >/dev/null
      build/venv-bench/bin/python bench/serve.py
      ;;
    flights)
      ninja -C build/release bench_matrix >/dev/null
      build/venv-bench/bin/python bench/flights.py
      ;;
    expressions | rules | impute | explain | encoders | linear)
      ninja -C build/release "bench_$figure" >/dev/null
      build/venv-bench/bin/python "bench/$figure.py"
      ;;
    servers)
      scripts/apt.sh postgresql-15 mariadb-server
      ninja -C build/release bench_server_join >/dev/null
      build/venv-bench/bin/python bench/servers.py
      ;;
    tables) build/venv-bench/bin/python bench/tables.py ;;
    slope | memory) build/venv-bench/bin/python bench/large.py "$figure" ;;
    *)
      echo "run.sh: there is no figure \`$figure\`: serve, flights, expressions, rules, servers, slope, memory, impute, explain, encoders, linear or tables" >&2
      exit 2
      ;;
  esac
done
