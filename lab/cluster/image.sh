#!/usr/bin/env bash
# Builds the image that the lab's cluster runs beside ipman's: a shell and what measures a
# network. It is the workloads', and the sandbox's of every pod.
#
#   image.sh FOLDER     writes FOLDER/lab.tar
set -euo pipefail
out=$(mkdir -p "$1" && cd "$1" && pwd)
tag=dev
cd "$(dirname "$0")/../.."
cache=${IPMAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipman}/images
mkdir -p "$cache"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. images/layers.sh

base=$(debian_layer lab busybox-static curl iputils-ping iproute2 iperf3)
mkdir -p "$work/lab/srv"
layer "$work/lab" "$work/lab.tar"
archive lab '{"Entrypoint":["/bin/busybox","sleep","infinity"],"Env":["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],"WorkingDir":"/"}' "$base" "$work/lab.tar"
