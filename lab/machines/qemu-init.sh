#!/bin/busybox sh
# PID 1 of a QEMU machine, in its initramfs: loads the modules for the host's file tree, mounts
# a writable overlay over that tree and continues in it. The kernel command line has the paths on
# the host: ipman.exchange=DIR, ipman.modules=DIR, ipman.inside=SCRIPT.
export PATH=/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin HOME=/root
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /lower /top
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
value() { sed -n "s/.*ipman\.$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
exchange=$(value exchange) modules=$(value modules) inside=$(value inside)

while read -r module; do insmod "/modules/$module"; done </modules/order
mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=512000 host /lower
mount -t tmpfs -o size=2G tmpfs /top
mkdir /top/upper /top/work /top/root
mount -t overlay -o lowerdir=/lower,upperdir=/top/upper,workdir=/top/work overlay /top/root
cd /top/root
for tree in proc sys dev; do mount -o move "/$tree" "./$tree"; done
# The kernel requests more modules later.
mkdir -p lib/modules
mount -o bind "/lower$modules" lib/modules

exec chroot . /bin/bash "$inside" "$exchange" -t 9p exchange -o trans=virtio,version=9p2000.L,cache=loose,msize=512000
