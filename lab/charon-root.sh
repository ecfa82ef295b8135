#!/usr/bin/env bash
# Unpacks the layer of Debian packages of the image ipman-charon, whose charon the lab runs beside
# the host's. It is built if the cache does not have it.
#
# The root is $IPMAN_CACHE/peers/ipman-charon, or ~/.cache/ipman/peers/ipman-charon.
set -euo pipefail
umask 022
export LC_ALL=C
cd "$(dirname "$0")/.."
ipman_cache=${IPMAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipman}
cache=$ipman_cache/images
. images/debian.sh
. images/layers.sh
. images/charon-layers.sh

name=ipman-charon
root=$ipman_cache/peers/$name
mkdir -p "$ipman_cache/peers"
exec 9>"$root.lock"
flock 9
work=$(mktemp -d "$ipman_cache/peers/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
charon_layer "$name" "$work/layer.tar"
sum=$(sha256sum <"$work/layer.tar")
if [ "$(cat "$root.layer" 2>/dev/null)" != "$sum" ]; then
  mkdir "$work/root"
  tar -C "$work/root" -xf "$work/layer.tar"
  rm -rf "$root" "$root.layer"
  mv "$work/root" "$root"
  echo "$sum" >"$root.layer"
fi
