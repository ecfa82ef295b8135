#!/usr/bin/env bash
# Builds the images of ipman and of its charon, as archives that `docker load`, `podman load`
# and `ctr images import` take. No registry and no daemon: Debian packages (mmdebstrap), the
# bundle, and tar.
#
#   build.sh FOLDER [TAG]     writes FOLDER/ipman.tar and FOLDER/charon.tar
#
# What comes from Debian is kept in $IPMAN_CACHE, or ~/.cache/ipman.
set -euo pipefail

out=$(mkdir -p "$1" && cd "$1" && pwd)
tag=${2:-dev}
cd "$(dirname "$0")/.."
# This Node first, whatever the host has.
PATH=$PWD/node_modules/.bin:$PATH
cache=${IPMAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipman}/images
mkdir -p "$cache"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. images/layers.sh

ipman_image() {
  local root=$work/ipman base
  base=$(debian_layer ipman libc6 libstdc++6 libgcc-s1 ca-certificates)
  mkdir -p "$root/usr/bin" "$root/app"
  node scripts/bundle.ts "$root/app"
  # `kubectl exec POD -- ipman status`: the image has no env that would find node.
  sed -i '1s|^#!.*|#!/usr/bin/node|' "$root/app/ipman.js"
  chmod 755 "$root/app/ipman.js"
  ln -s /app/ipman.js "$root/usr/bin/ipman"
  cp node_modules/node/bin/node "$root/usr/bin/node"
  strip "$root/usr/bin/node" 2>/dev/null || true
  layer "$root" "$work/ipman.tar"
  archive ipman '{"Entrypoint":["/usr/bin/node","/app/ipman.js"],"Env":["PATH=/usr/bin:/bin","NODE_ENV=production"],"WorkingDir":"/","User":"65532:65532"}' "$base" "$work/ipman.tar"
}

charon_image() {
  local root=$work/charon base
  base=$(debian_layer charon libc6 busybox-static util-linux strongswan-swanctl charon-systemd strongswan-charon \
    libcharon-extra-plugins libstrongswan-standard-plugins libstrongswan-extra-plugins)
  mkdir -p "$root/usr/lib/ipman" "$root/etc/ipman/strongswan.d"
  cp images/charon-entrypoint "$root/usr/lib/ipman/entrypoint"
  chmod 755 "$root/usr/lib/ipman/entrypoint"
  cp images/strongswan.conf "$root/etc/ipman/strongswan.conf"
  # An include of nothing at all makes charon forget what came before it.
  echo '# Further settings for charon-systemd, mounted here as *.conf.' >"$root/etc/ipman/strongswan.d/none.conf"
  layer "$root" "$work/charon.tar"
  archive ipman-charon '{"Entrypoint":["/usr/lib/ipman/entrypoint"],"Cmd":["charon"],"Env":["PATH=/usr/sbin:/usr/bin:/sbin:/bin","STRONGSWAN_CONF=/etc/ipman/strongswan.conf"],"WorkingDir":"/"}' "$base" "$work/charon.tar"
}

ipman_image
charon_image
