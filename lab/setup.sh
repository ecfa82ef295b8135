#!/usr/bin/env bash
# Installs everything that demo and tests need on a Debian machine, as root. Fast if everything is
# installed already.
#
#   setup.sh          for tests: builds a kernel if the host's own lacks features
#   setup.sh --cluster  and for a cluster: Kubernetes from source, images
#   setup.sh --ready  for a demo: instead of building a kernel, uses Debian's stock
#                     kernel in QEMU
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

packages=(
  strongswan-swanctl charon-systemd strongswan-charon libcharon-extra-plugins
  libstrongswan-standard-plugins libstrongswan-extra-plugins
  iproute2 iputils-ping iperf3 nftables tcpdump procps util-linux busybox-static
)
# promtool for the alerts, a shell for its completion, a browser for the inspector, and keys for
# the peers' packages.
[ "${1:-}" = --ready ] || packages+=(prometheus zsh fish chromium fonts-dejavu-core debian-archive-keyring)
# The lab's kernel is needed if the host's own has no xfrm interfaces.
if ! unshare --net ip link add probe type xfrm dev lo if_id 1 2>/dev/null; then
  if [ "${1:-}" != --ready ] || lab/kernel/build.sh --if-built >/dev/null 2>&1; then
    packages+=(gcc make flex bison bc libelf-dev xz-utils)
    needs_kernel=build.sh
  else
    packages+=(qemu-system-x86 kmod xz-utils)
    needs_kernel=stock.sh
  fi
fi
if [ "${1:-}" = --cluster ]; then
  packages+=(etcd-server runc containernetworking-plugins iptables conntrack debian-archive-keyring curl ca-certificates binutils)
fi
[ "${1:-}" != --cluster ] || command -v go >/dev/null || packages+=(golang-go)
for tool in node npm; do
  command -v "$tool" >/dev/null || packages+=(nodejs npm)
done

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  say "setup: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # Packages must not start their daemons: the lab starts its own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

lock=node_modules/.package-lock.json
if [ ! -e "$lock" ] || [ package-lock.json -nt "$lock" ]; then
  say "setup: installing npm packages, Node 24 among them"
  npm ci --no-progress --loglevel=error
  # npm leaves out an optional package that it cannot get, or whose hash is not the lockfile's.
  [ -x node_modules/.bin/node ] || { say "setup: npm did not install Node: npm's log in ~/.npm/_logs has the reason"; exit 1; }
  touch "$lock"
fi

[ "${1:-}" = --ready ] || lab/charon-root.sh >/dev/null
if [ -n "${needs_kernel:-}" ]; then
  "lab/kernel/$needs_kernel" >/dev/null
fi
[ "${1:-}" = --ready ] || lab/peers/fetch.sh >/dev/null
if [ "${1:-}" = --cluster ]; then
  lab/cluster/build.sh >/dev/null
fi
