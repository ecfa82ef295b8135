#!/bin/bash
# PID 1 of a User-Mode Linux machine: mounts a writable overlay over the host's file tree and
# continues in it. The kernel command line names the folder with the job and for its
# results: ipman.exchange=DIR.
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
inside=$(dirname "$0")/inside.sh

mount -t proc proc /proc
exchange=$(sed -n 's/.*ipman\.exchange=\([^ ]*\).*/\1/p' /proc/cmdline)
mount -t sysfs sysfs /sys
# libuv would use it, and its shared rings corrupt page tables on User-Mode Linux 6.12.
echo 2 >/proc/sys/kernel/io_uring_disabled
mount -t devtmpfs dev /dev

mount -t tmpfs -o size=2G tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
cd /mnt/root
for tree in proc sys dev; do mount -n --move "/$tree" "./$tree"; done
mkdir -p oldroot
busybox pivot_root . oldroot

exec chroot . /bin/bash "$inside" "$exchange" -t hostfs none -o "$exchange"
