#!/usr/bin/env bash
# Builds the image that the lab's cluster runs beside ipman's: a shell and tools that measure a
# network. Workloads and the sandbox of every pod use it.
#
#   image.sh FOLDER     writes FOLDER/lab.tar
set -euo pipefail
umask 022
export LC_ALL=C
out=$(mkdir -p "$1" && cd "$1" && pwd)
tag=dev
cd "$(dirname "$0")/../.."
PATH=$PWD/node_modules/.bin:$PATH
cache=${IPMAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipman}/images
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. images/debian.sh
. images/layers.sh

debian_layer lab "$work/base.tar" bookworm busybox-static curl iputils-ping iproute2 iperf3
mkdir -p "$work/lab/srv"
layer "$work/lab" "$work/lab.tar"
archive lab lab/cluster/lab-image.json 0 "$work/base.tar" "$work/lab.tar"
