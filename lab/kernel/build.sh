#!/usr/bin/env bash
# Builds the lab's User-Mode Linux kernel once and prints the path of its binary. With
# --if-built it builds nothing, and fails where there is none yet. Progress goes to standard error, the path alone to standard output.
#
# The result is cached by source version and configuration, outside the checkout:
# $IPMAN_CACHE, or ~/.cache/ipman.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${IPMAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipman}
fragment=$here/uml.config
tarball=/usr/src/linux-source-6.12.tar.xz

say() { printf '%s\n' "kernel: $*" >&2; }

[ "${1:-}" != --if-built ] || [ -f "$tarball" ] || exit 1
[ -f "$tarball" ] || { say "missing $tarball; apt-get install linux-source-6.12"; exit 1; }

version=$(dpkg-query -W -f '${Version}' linux-source-6.12)
key=$version-$(cat "$fragment" "$here"/patches/*.patch | sha256sum | cut -c1-12)
target=$cache/kernel/$key/linux

if [ -x "$target" ]; then
  printf '%s\n' "$target"
  exit 0
fi

[ "${1:-}" != --if-built ] || exit 1
mkdir -p "$cache/kernel"
exec 9>"$cache/kernel/lock"
flock 9
[ -x "$target" ] && { printf '%s\n' "$target"; exit 0; }

build=$(mktemp -d "$cache/kernel/build.XXXXXX")
trap 'rm -rf "$build"' EXIT

say "unpacking linux $version"
tar -C "$build" --strip-components=1 -xf "$tarball"
cd "$build"
for patch in "$here"/patches/*.patch; do patch -s -p1 <"$patch"; done

KCONFIG_ALLCONFIG=$fragment make -s ARCH=um allnoconfig >&2
lost=$(grep -E '^CONFIG_' "$fragment" | grep -vxFf .config || true)
if [ -n "$lost" ]; then
  say "these options did not survive Kconfig:"
  printf '%s\n' "$lost" >&2
  exit 1
fi

jobs=$(nproc)
say "compiling on $jobs cores, about 10 minutes on two (once; kept in $cache/kernel)"
started=$SECONDS
make -s ARCH=um -j"$jobs" linux >build.log 2>&1 &
compiler=$!
while kill -0 "$compiler" 2>/dev/null; do
  sleep 15 9>&-
  say "$(find . -name '*.o' | wc -l) objects after $((SECONDS - started)) s"
done
wait "$compiler" || { tail -40 build.log >&2; say "the build failed"; exit 1; }

strip linux
mkdir -p "${target%/linux}"
mv linux "$target.new"
mv "$target.new" "$target"
say "built in $((SECONDS - started)) s: $target"
printf '%s\n' "$target"
