#!/usr/bin/env bash
# Builds the lab's User-Mode Linux kernel once and prints the path of its binary. With
# --if-built it builds nothing, and fails if there is no binary yet. Progress goes to standard
# error, the path alone to standard output.
#
# The source is a package of Debian's backports, which is fetched and not installed. It is
# newer than that of Debian 12 for one reason: from 6.16 on, processes of User-Mode Linux reach
# their kernel by seccomp, which takes about half of the time that ptrace does.
#
# The result is cached by series and configuration, outside the checkout: $IPMAN_CACHE, or
# ~/.cache/ipman.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${IPMAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipman}
fragment=$here/uml.config
series=7.2
suite=trixie-backports
mirror=http://deb.debian.org/debian

say() { printf '%s\n' "kernel: $*" >&2; }

target=$cache/kernel/$series-$(sha256sum "$fragment" | cut -c1-12)/linux
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

# Only the sources of backports: other packages of the host stay with the host's sources.
backports() { # COMMAND ARGUMENT…
  "$1" -qq -o Dir::Etc::SourceList="$build/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$build/apt/lists" -o Dir::Cache::archives="$build/apt" \
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root "${@:2}"
}

# The package of this series, or the newest in backports once that series has left it.
package() {
  local names
  names=$(backports apt-cache search --names-only '^linux-source-[0-9.]*$' | cut -d' ' -f1 | sort -V)
  grep -x "linux-source-$series" <<<"$names" || tail -n 1 <<<"$names"
}

fetch() {
  local name
  mkdir -p "$build/apt/lists/partial" "$build/apt/partial"
  cd "$build/apt"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >sources.list
  backports apt-get update
  name=$(package)
  [ -n "$name" ] || { say "$mirror has no linux-source in $suite"; exit 1; }
  say "fetching $name, 160 MB"
  backports apt-get download "$name"
  dpkg-deb --fsys-tarfile ./*.deb | tar -xO --wildcards './usr/src/*.tar.xz' |
    tar -xJ -C "$build" --strip-components=1
  rm -r "$build/apt"
  cd "$build"
}

# Kconfig silently drops options whose dependencies are not met.
check_configuration() {
  local lost
  lost=$(grep '^CONFIG_' "$fragment" | grep -vxFf .config || true)
  [ -n "$lost" ] || return 0
  say "these options did not survive Kconfig:"
  printf '%s\n' "$lost" >&2
  exit 1
}

fetch
KCONFIG_ALLCONFIG=$fragment make -s ARCH=um allnoconfig >&2
check_configuration

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
