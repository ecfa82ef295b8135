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
# This Node, whatever the host has.
[ -x node_modules/.bin/node ] || { echo "images: node_modules has no Node: run npm ci" >&2; exit 1; }
PATH=$PWD/node_modules/.bin:$PATH
cache=${IPMAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipman}/images
mkdir -p "$cache"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. images/layers.sh

ipman_image() {
  local root=$work/ipman base
  base=$(debian_layer ipman libc6 libstdc++6 libgcc-s1 libnftables1 ca-certificates)
  mkdir -p "$root/usr/bin" "$root/app"
  node scripts/bundle.ts "$root/app"
  # `kubectl exec POD -- ipman status`: the image has no env that would find node.
  sed -i '1s|^#!.*|#!/usr/bin/node|' "$root/app/ipman.js"
  chmod 755 "$root/app/ipman.js"
  ln -s /app/ipman.js "$root/usr/bin/ipman"
  cp "$(readlink -f node_modules/.bin/node)" "$root/usr/bin/node"
  strip "$root/usr/bin/node" 2>/dev/null || true
  compile "$root"
  layer "$root" "$work/ipman.tar"
  archive ipman '{"Entrypoint":["/usr/bin/node","/app/ipman.js"],"Env":["PATH=/usr/bin:/bin","NODE_ENV=production","NODE_COMPILE_CACHE=/app/compiled","NODE_COMPILE_CACHE_PORTABLE=1"],"WorkingDir":"/","User":"65532:65532"}' "$base" "$work/ipman.tar"
}

# Node's own cache of compiled modules, which a read-only root could never fill: with it the
# modules of an agent load in two thirds of the time.
compile() { # ROOT
  local cache=$1/app/compiled folder user
  export NODE_COMPILE_CACHE=$cache NODE_COMPILE_CACHE_PORTABLE=1
  "$1/usr/bin/node" "$1/app/ipman.js" --help >/dev/null
  "$1/usr/bin/node" --input-type=module -e '
    const [, app] = process.argv;
    for (const name of (await import("node:fs")).readdirSync(app))
      if (name.endsWith(".js") && name !== "ipman.js") await import(`${app}/${name}`);' "$1/app"
  unset NODE_COMPILE_CACHE NODE_COMPILE_CACHE_PORTABLE
  # Kept by user: operators have one, agents and `ipman attach` are root.
  folder=$(basename "$cache"/*)
  for user in 0 65532; do
    [ -e "$cache/${folder%-*}-$user" ] || ln -s "$folder" "$cache/${folder%-*}-$user"
  done
  chmod -R a+rX "$cache"
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
  echo '# Further settings for charon-systemd, of images that are made from this one.' >"$root/etc/ipman/strongswan.d/none.conf"
  layer "$root" "$work/charon.tar"
  archive ipman-charon '{"Entrypoint":["/usr/lib/ipman/entrypoint"],"Cmd":["charon"],"Env":["PATH=/usr/sbin:/usr/bin:/sbin:/bin","STRONGSWAN_CONF=/etc/ipman/strongswan.conf"],"WorkingDir":"/"}' "$base" "$work/charon.tar"
}

ipman_image
charon_image
