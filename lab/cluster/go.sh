#!/usr/bin/env bash
# Prints the path of a Go that can build Kubernetes: the host's own, or a toolchain that the host's
# Go fetches and verifies like any module, which Debian's older Go can do.
set -euo pipefail

version=1.26.8
cache=${IPMAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipman}/go

oldest=$(printf '%s\n' "go$version" "$(go env GOVERSION)" | sort -V | head -n 1)
if [ "$oldest" = "go$version" ]; then
  command -v go
  exit 0
fi
toolchain=golang.org/toolchain@v0.0.1-go$version.linux-amd64
if [ ! -x "$cache/$toolchain/bin/go" ]; then
  echo "cluster: fetching Go $version" >&2
  GOMODCACHE=$cache GOFLAGS=-modcacherw go mod download "$toolchain"
  chmod -R u+x "$cache/$toolchain/bin" "$cache/$toolchain/pkg/tool"
fi
printf '%s\n' "$cache/$toolchain/bin/go"
