#!/bin/bash
# build/gristmill-VERSION-linux-x86_64.tar.gz: the installed tree, relocatable.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(build/release/bin/gristmill --version)
name=gristmill-$version-linux-x86_64
rm -rf "build/tarball/$name"
cmake --install build/release --prefix "build/tarball/$name" >/dev/null
tar -C build/tarball -czf "build/$name.tar.gz" "$name"
echo "build/$name.tar.gz"
