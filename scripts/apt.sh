#!/bin/bash
# apt.sh NAME[=VERSION]...: Debian packages, installed where missing (as root). VERSION is a prefix.
set -euo pipefail
missing=()
for wanted in "$@"; do
  name=${wanted%%=*}
  version=${wanted#"$name"}
  found=$(dpkg-query -W -f '${db:Status-Abbrev}${Version}' "$name" 2>/dev/null || true)
  [[ $found == "ii "${version#=}* ]] || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ]; then
  echo "these Debian packages are missing; install them as root: ${missing[*]}" >&2
  exit 1
fi
echo "installing ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ apt-get update -qq &&
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
  { tail -n 20 "$log" >&2; exit 1; }
