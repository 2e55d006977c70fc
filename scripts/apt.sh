#!/bin/bash
# apt.sh NAME[=VERSION]...: Debian packages, installed where missing (as root). VERSION is a prefix.
set -euo pipefail

# unmet NAME[=VERSION]...: those that are not installed in that version, one a line
unmet() {
  local wanted name version found
  for wanted in "$@"; do
    name=${wanted%%=*}
    version=${wanted#"$name"}
    found=$(dpkg-query -W -f '${db:Status-Abbrev}${Version}' "$name" 2>/dev/null || true)
    [[ $found == "ii "${version#=}* ]] || echo "$wanted"
  done
}

mapfile -t missing < <(unmet "$@")
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ]; then
  echo "these Debian packages are missing; install them as root: ${missing[*]}" >&2
  exit 1
fi
echo "installing ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
wanted=()
for package in "${missing[@]}"; do
  case $package in *=*) package+='*' ;; esac  # apt takes a pattern for a prefix
  wanted+=("$package")
done
{ apt-get update -qq &&
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}"; } >"$log" 2>&1 ||
  { tail -n 20 "$log" >&2; exit 1; }
mapfile -t missing < <(unmet "${missing[@]}")
[ ${#missing[@]} = 0 ] || { echo "still not there in the version wanted: ${missing[*]}" >&2; exit 1; }
