#!/bin/bash
# build.sh PRESET [TARGET...]: configures the preset once and builds the targets (all when none is named).
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
[ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >"build/$preset.log" 2>&1 ||
  { cat "build/$preset.log" >&2; exit 1; }
log=build/$preset-build.log
if [ -t 2 ]; then
  ninja -C "build/$preset" "$@"
else
  ninja -C "build/$preset" "$@" >"$log" 2>&1 || { grep -v '^\[' "$log" | tail -n 60 >&2; exit 1; }
fi
