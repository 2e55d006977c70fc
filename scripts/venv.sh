#!/bin/bash
# venv.sh NAME: a Python environment build/venv-NAME from python/requirements-NAME.txt, hashes checked.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1
lock=python/requirements-$name.txt
venv=build/venv-$name
if ! cmp -s "$lock" "$venv/.stamp"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check --require-hashes --only-binary :all: -r "$lock"
  cp "$lock" "$venv/.stamp"
fi
