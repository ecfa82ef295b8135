#!/usr/bin/env bash
# Builds the images of ipman and of its charon, as archives that `docker load`, `podman load`
# and `ctr images import` accept, and a list of the contents of each (SPDX 2.3). The build needs
# only Debian packages, the bundle and tar, and no registry or daemon. The same inputs produce
# the same bytes on the same kind of processor.
#
#   build.sh FOLDER [TAG]     writes FOLDER/NAME.tar and FOLDER/NAME.spdx.json for each of ipman,
#                             ipman-charon (strongSwan 6.1) and ipman-charon-legacy (5.9.8)
#
# Layers of Debian packages are kept in $IPMAN_CACHE, or ~/.cache/ipman.
set -euo pipefail
umask 022
export LC_ALL=C

out=$(mkdir -p "$1" && cd "$1" && pwd)
tag=${2:-dev}
cd "$(dirname "$0")/.."
# The repository's Node takes precedence over the host's.
[ -x node_modules/.bin/node ] || { echo "images: node_modules has no Node: run npm ci" >&2; exit 1; }
PATH=$PWD/node_modules/.bin:$PATH
cache=${IPMAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipman}/images
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. images/debian.sh
. images/layers.sh
. images/charon-layers.sh

ipman_image() {
  local base=$work/ipman-base root=$work/ipman node
  debian_layer ipman "$base.tar" bookworm base-files libc6 libstdc++6 libgcc-s1 libnftables1
  unpack "$base"
  mkdir -p "$root/usr/bin" "$root/app"
  node scripts/bundle.ts "$root/app" >"$work/bundled"
  # For `kubectl exec POD -- ipman status`, since the image has no env that would find node.
  sed -i '1s|^#!.*|#!/usr/bin/node|' "$root/app/ipman.js"
  chmod 755 "$root/app/ipman.js"
  ln -s /app/ipman.js "$root/usr/bin/ipman"
  node=$(readlink -f node_modules/.bin/node)
  cp "$node" "$root/usr/bin/node"
  strip "$root/usr/bin/node" 2>/dev/null || true
  realpath --relative-to=. "${node%/bin/node}" >>"$work/bundled"
  node scripts/images/write-licences.ts "$root/app/licences" "$work/bundled"
  compile "$base" "$root"
  finish ipman "$base" "$root" "$work/bundled"
}

# Fills Node's cache of compiled modules, which a read-only root could not: with it the
# modules of an agent load in two thirds of the time. It contains the paths of the modules, which
# chroot makes those of the image; with these options it contains no random hash seed.
compile() { # BASE ROOT
  local together=$1-compile folder user
  cp -a "$1" "$together"
  cp -al "$2/." "$together"
  in_image() {
    env -i PATH="$PATH" NODE_COMPILE_CACHE=/app/compiled NODE_COMPILE_CACHE_PORTABLE=1 \
      chroot "$together" /usr/bin/node --predictable --random-seed=1 "$@"
  }
  in_image /app/ipman.js --help >/dev/null
  in_image --input-type=module -e '
    for (const name of (await import("node:fs")).readdirSync("/app"))
      if (name.endsWith(".js") && name !== "ipman.js") await import(`/app/${name}`);'
  mv "$together/app/compiled" "$2/app/compiled"
  # The cache has a folder for each user: operators run as 65532, agents and `ipman attach` as root.
  folder=$(basename "$2"/app/compiled/*)
  for user in 0 65532; do
    [ -e "$2/app/compiled/${folder%-*}-$user" ] || ln -s "$folder" "$2/app/compiled/${folder%-*}-$user"
  done
  chmod -R a+rX "$2/app/compiled"
}

charon_image() { # NAME
  local name=$1 base=$work/$1-base root=$work/$1
  charon_layer "$name" "$base.tar"
  unpack "$base"
  mkdir -p "$root/usr/lib/ipman" "$root/etc/ipman/strongswan.d"
  cp images/charon-entrypoint "$root/usr/lib/ipman/entrypoint"
  chmod 755 "$root/usr/lib/ipman/entrypoint"
  charon_settings "$base" >"$root/etc/ipman/strongswan.conf"
  # If an include matches no file, charon drops the settings before it.
  echo '# Further settings for charon-systemd, of images that are made from this one.' >"$root/etc/ipman/strongswan.d/none.conf"
  finish "$name" "$base" "$root" /dev/null
}

unpack() { mkdir "$1" && tar -C "$1" -xf "$1.tar"; } # BASE

# Adds ipman's licence and the list of packages, and assembles the image.
finish() { # NAME BASE ROOT BUNDLED
  local created
  created=$(created "$2")
  mkdir -p "$3/usr/share/doc/ipman" "$3/usr/share/sbom"
  cp LICENSE "$3/usr/share/doc/ipman/copyright"
  node scripts/images/write-sbom.ts --name "$1" --version "$tag" --created "$created" --root "$2" --bundled "$4" >"$out/$1.spdx.json"
  cp "$out/$1.spdx.json" "$3/usr/share/sbom/"
  layer "$3" "$3.tar"
  archive "$1" "images/$1.json" "$created" "$2.tar" "$3.tar"
}

ipman_image
charon_image ipman-charon
charon_image ipman-charon-legacy
