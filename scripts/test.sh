#!/bin/bash
# All checks, in the order of what they cost; ends with `N passed, N failed`.
#   test.sh        everything
#   test.sh unit   only the unit tests of the release build
set -uo pipefail
cd "$(dirname "$0")/.."
passed=0
failed=0
tally() {  # tally PASSED FAILED
  passed=$((passed + $1))
  failed=$((failed + $2))
}

step() {  # step NAME COMMAND...: one check that passes or fails; fails with it
  local name=$1 start=$SECONDS
  shift
  if "$@"; then
    tally 1 0
    echo "ok    $name ($((SECONDS - start)) s)"
  else
    tally 0 1
    echo "FAIL  $name"
    return 1
  fi
}

skipped() {  # skipped NAME: what could not run has not passed
  tally 0 1
  echo "FAIL  $1"
}

# gtest NAME: every unit test of build/NAME, counted one by one.
gtest() {
  local preset=$1 start=$SECONDS before=$failed binaries=0 report total bad
  for binary in build/"$preset"/bin/gm_*_test; do
    [ -x "$binary" ] || continue
    binaries=$((binaries + 1))
    report=build/$preset/$(basename "$binary").json
    rm -f "$report"
    timeout 900 "$binary" --gtest_brief=1 --gtest_output=json:"$report" >"$report.log" 2>&1
    local code=$?
    read -r total bad < <(python3 -c '
import json, sys
try:
    report = json.load(open(sys.argv[1]))
    print(report["tests"], report["failures"] + report["errors"])
except Exception:
    print(1, 1)' "$report")
    [ "$code" = 0 ] || [ "$bad" != 0 ] || bad=1
    tally $((total - bad)) "$bad"
    [ "$bad" = 0 ] || { echo "FAIL  $binary"; tail -n 40 "$report.log"; }
  done
  [ "$binaries" != 0 ] || skipped "unit tests, $preset: there are none"
  [ "$failed" != "$before" ] || echo "ok    unit tests, $preset ($((SECONDS - start)) s)"
}

pytests() {
  local start=$SECONDS report=build/pytest.xml total bad
  rm -f "$report"
  timeout 1500 build/venv-test/bin/python -m pytest -q -p no:cacheprovider tests --junitxml="$report" >build/pytest.log 2>&1
  local code=$?
  read -r total bad < <(python3 -c '
import sys, xml.etree.ElementTree as tree
try:
    suite = tree.parse(sys.argv[1]).getroot().find("testsuite")
    print(suite.get("tests"), int(suite.get("failures")) + int(suite.get("errors")))
except Exception:
    print(1, 1)' "$report")
  [ "$code" = 0 ] || [ "$bad" != 0 ] || bad=1
  tally $((total - bad)) "$bad"
  if [ "$bad" = 0 ]; then
    echo "ok    whole program ($((SECONDS - start)) s)"
  else
    echo "FAIL  whole program"
    tail -n 80 build/pytest.log
  fi
}

fuzz() {
  local targets=0
  for binary in build/fuzz/bin/*_fuzz; do
    [ -x "$binary" ] || continue
    targets=$((targets + 1))
    step "fuzz $(basename "$binary")" bash -c \
      "mkdir -p build/fuzz/corpus && timeout 120 '$binary' -max_total_time=${FUZZ_SECONDS:-10} -rss_limit_mb=2048 -print_final_stats=0 >build/fuzz/$(basename "$binary").log 2>&1 || { tail -n 30 build/fuzz/$(basename "$binary").log; exit 1; }"
  done
  [ "$targets" != 0 ] || skipped "fuzz targets: there are none"
}

# built PRESET COMMAND...: what needs a build, which is not run with the programs of an older one.
built() {
  local preset=$1
  shift
  if step "build, $preset" scripts/build.sh "$preset"; then "$@"; else skipped "$* (not built)"; fi
}

# Unit tests, then the whole program.
release() {
  gtest release
  step "database servers" scripts/apt.sh postgresql-15 mariadb-server
  pytests
}

if [ "${1-}" = unit ]; then
  built release gtest release
else
  step "Python environment" scripts/venv.sh test
  step "format" scripts/format.sh --check
  step "doors between rooms" python3 tests/check_includes.py
  built release release
  built debug gtest debug  # ASan and UBSan
  built tsan gtest tsan
  step "clang for fuzzing" scripts/apt.sh clang-19 libclang-rt-19-dev
  built fuzz fuzz
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
