#!/usr/bin/env bash
# Builds the programs of a real Kubernetes from source, once, and prints the folder with the
# binaries: kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy,
# kubectl, containerd, containerd-shim-runc-v2, ctr, helm.
#
# The binaries are kept outside the checkout, by version: $IPMAN_CACHE, or ~/.cache/ipman.
set -euo pipefail

kubernetes=1.36.3
containerd=2.4.2
helm=4.3.1

here=$(cd "$(dirname "$0")" && pwd)
cache=${IPMAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipman}
bin=$cache/cluster/kubernetes-$kubernetes-containerd-$containerd-helm-$helm
export CGO_ENABLED=0 GOFLAGS=

say() { printf '%s\n' "cluster: $*" >&2; }

# Runs a build and reports its progress; prints its output only if it fails.
quietly() { # WHAT COMMAND…
  local what=$1 started=$SECONDS log status=0
  shift
  log=$(mktemp)
  say "building $what"
  "$@" >"$log" 2>&1 9>&- &
  local builder=$!
  while kill -0 "$builder" 2>/dev/null; do
    sleep 5 9>&-
    if (((SECONDS - started) % 60 < 5)); then say "$what: $((SECONDS - started)) s"; fi
  done
  wait "$builder" || status=$?
  [ "$status" = 0 ] || { tail -40 "$log" >&2; say "$what could not be built"; exit 1; }
  rm "$log"
  say "built $what in $((SECONDS - started)) s"
}

# The module k8s.io/kubernetes is not a library: it needs a module that replaces its
# staging modules, each with the matching version.
build_kubernetes() {
  local folder=$1 flags="-s -w" name
  cd "$folder"
  for name in gitVersion=v$kubernetes gitMajor=${kubernetes%%.*} gitMinor=$(cut -d. -f2 <<<"$kubernetes"); do
    flags="$flags -X k8s.io/component-base/version.$name"
  done
  cat >go.mod <<MOD
module lab
go 1.26
require k8s.io/kubernetes v$kubernetes
MOD
  go mod download "k8s.io/kubernetes@v$kubernetes"
  awk '$2 == "v0.0.0" { print $1 }' "$(go env GOMODCACHE)/k8s.io/kubernetes@v$kubernetes/go.mod" |
    while read -r name; do go mod edit -replace "$name=$name@v0.${kubernetes#*.}"; done
  {
    echo 'package lab'
    for name in "${commands[@]}"; do echo "import _ \"k8s.io/kubernetes/cmd/$name\""; done
  } >lab.go
  go mod tidy
  for name in "${commands[@]}"; do
    go build -ldflags "$flags" -o "$bin.new/$name" "k8s.io/kubernetes/cmd/$name"
  done
}
commands=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl)

build_containerd() {
  GOBIN=$bin.new go install -ldflags '-s -w' -tags no_btrfs,no_zfs,no_devmapper \
    github.com/containerd/containerd/v2/cmd/{containerd,containerd-shim-runc-v2,ctr}@v$containerd
}

build_helm() { GOBIN=$bin.new go install -ldflags '-s -w' helm.sh/helm/v4/cmd/helm@v$helm; }

if [ ! -d "$bin" ]; then
  mkdir -p "$cache/cluster"
  exec 9>"$cache/cluster/lock"
  flock 9
fi
if [ ! -d "$bin" ]; then
  PATH=$(dirname "$("$here/go.sh")"):$PATH
  say "Kubernetes $kubernetes from source, about 20 minutes on two cores (once; kept in $cache/cluster)"
  scratch=$(mktemp -d "$cache/cluster/build.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  mkdir -p "$bin.new"
  quietly "Kubernetes" build_kubernetes "$scratch"
  quietly "containerd" build_containerd
  quietly "Helm" build_helm
  mv "$bin.new" "$bin"
fi
printf '%s\n' "$bin"
