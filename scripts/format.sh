#!/bin/bash
# Formats all C++ in place; --check only tells.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/venv.sh test
mapfile -t files < <(git ls-files '*.h' '*.cc')
if [ "${1-}" = --check ]; then
  build/venv-test/bin/clang-format --dry-run --Werror "${files[@]}"
else
  build/venv-test/bin/clang-format -i "${files[@]}"
fi
