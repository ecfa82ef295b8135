#!/usr/bin/env bash
# Unpacks Debian's stock kernel for QEMU, without installing it, and prints its folder:
# boot/vmlinuz-*, lib/modules and initramfs. Kept beside the User-Mode Linux kernels.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
init=$here/../machines/qemu-init.sh
cache=${IPMAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ipman}
say() { printf '%s\n' "kernel: $*" >&2; }

newest() {
  apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}
package=$(newest)
if [ -z "$package" ]; then
  apt-get update -qq
  package=$(newest)
fi
[ -n "$package" ] || { say "apt knows no linux-image-amd64"; exit 1; }
version=${package#linux-image-}
target=$cache/stock/$version-$(sha256sum "$init" | cut -c1-12)
if [ -e "$target/initramfs" ]; then
  printf '%s\n' "$target"
  exit 0
fi

mkdir -p "$cache/stock"
build=$(mktemp -d "$cache/stock/build.XXXXXX")
trap 'rm -rf "$build"' EXIT
say "fetching $package"
cd "$build"
apt-get download -qq -o APT::Sandbox::User=root "$package"
dpkg -x ./*.deb .
rm ./*.deb
[ -d lib/modules ] || { mkdir -p lib && mv usr/lib/modules lib/modules; }
depmod -b . "$version"

# The modules that mount the host's file tree, in the order of their dependencies.
mkdir -p tree/bin tree/modules
cp "$(command -v busybox)" tree/bin/busybox
cp "$init" tree/init
chmod +x tree/init
for module in virtio_pci 9pnet_virtio 9p overlay; do
  modprobe -d . -S "$version" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
done | awk '!seen[$0]++' | while read -r file; do
  name=$(basename "$file")
  case $file in
    *.xz) xz -dc "$file" >"tree/modules/${name%.xz}" && name=${name%.xz} ;;
    *) cp "$file" tree/modules/ ;;
  esac
  printf '%s\n' "$name" >>tree/modules/order
done
(cd tree && find . | busybox cpio -o -H newc 2>/dev/null) | gzip -1 >initramfs
rm -r tree
rm -rf "$target"
chmod 755 "$build"
mv "$build" "$target"
trap - EXIT
printf '%s\n' "$target"
