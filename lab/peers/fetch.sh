#!/usr/bin/env bash
# Unpacks the IKE daemons that the lab runs as peers, each into a root folder of its own; the host's
# packages stay as they are. apt verifies every package by Debian's keys. A root that exists stays
# until its recipe below changes: remove its folder to get a newer package.
#
#   fetch.sh [NAME…]     the roots of these names, or all
#
# They are kept in $IPMAN_CACHE/peers, or ~/.cache/ipman/peers.
set -euo pipefail
umask 022
export LC_ALL=C
cd "$(dirname "$0")/../.."

. images/debian.sh
. images/layers.sh
say() { printf '%s\n' "peers: $*" >&2; }

# name, suite, daemon, packages
recipes=(
  'libreswan-bookworm|bookworm|/usr/libexec/ipsec/pluto|libreswan'
  'libreswan-trixie|trixie|/usr/libexec/ipsec/pluto|libreswan'
  'openiked-bookworm|bookworm|/usr/sbin/iked|openiked'
  'openiked-trixie|trixie|/usr/sbin/iked|openiked'
  'strongswan-trixie|trixie|/usr/sbin/charon-systemd|charon-systemd libstrongswan-standard-plugins libcharon-extra-plugins'
  'strongswan-forky|forky|/usr/sbin/charon-systemd|charon-systemd'
)
# Scripts of packages need these, and daemons do not; no script runs here.
without='debconf|bind9-.*|host|iptables|iproute2|netbase|libicu.*|libxml2.*|libuv1.*|libmaxminddb0|liblmdb0|libbpf1|libelf1.*|libtirpc.*|libxtables12|libip[46]tc2|libnetfilter.*|libnf.*|libcap2-bin'
installers="${installers%)\$}|$without)\$"

roots=${IPMAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipman}/peers

make_root() { # NAME SUITE DAEMON PACKAGE…
  local name=$1 suite=$2 daemon=$3 root=$roots/$1 recipe offered
  recipe=$(printf '%s\n' "$installers" "$@" | sha256sum | cut -c1-12)
  [ "$(cat "$root.recipe" 2>/dev/null)" != "$recipe" ] || return 0
  shift 3
  archive_answers "$suite" || { say "$name: Debian's archive cannot be read"; return 1; }
  offered=$(debian_offers "$suite" "$@")
  make_debian_layer "$name" "$work/$name.tar" "$suite" "$offered"
  rm "$work/$name.tar"
  loads "$work/$name-debian" "$daemon" || { say "$name lacks a library of $daemon"; return 1; }
  rm -rf "$root" "$root.recipe"
  mv "$work/$name-debian" "$root"
  echo "$recipe" >"$root.recipe"
}

# Whether the root has every library of a program, which is not run: a daemon would start.
loads() { # ROOT PROGRAM
  local loader
  loader=$(cd "$1" && find lib/ lib64/ -name 'ld-linux*.so.*' | head -n 1)
  chroot "$1" "/$loader" --list "$2" >/dev/null
}

cache=$roots
mkdir -p "$roots"
exec 9>"$roots/lock"
flock 9
work=$(mktemp -d "$roots/work.XXXXXX")
# The lists of packages are large, and are needed again only for another recipe.
trap 'rm -rf "$work" "$roots"/apt-*' EXIT
for line in "${recipes[@]}"; do
  IFS='|' read -r name suite daemon packages <<<"$line"
  [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
  # shellcheck disable=SC2086 # a list of packages
  make_root "$name" "$suite" "$daemon" $packages
done
