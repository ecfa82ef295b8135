#!/bin/bash
# PID 1 of a User-Mode Linux machine. It lays a writable overlay over the host's file
# tree, runs one job in it and powers off. The kernel command line names the folder
# where the job is described and where its results go: ipman.exchange=DIR, holding
#   job     the script to run
#   status  written here: the job's exit status
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

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

exec chroot . /bin/bash -c '
  exchange=$1
  mkdir -p /dev/pts /dev/shm
  mount -t tmpfs tmpfs /run
  mount -t tmpfs tmpfs /dev/shm
  mount -t devpts devpts /dev/pts
  mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null
  mount --make-rshared /
  mkdir -p "$exchange"
  mount -t hostfs none "$exchange" -o "$exchange"
  ip link set lo up
  ulimit -n 65536
  bash "$exchange/job" </dev/null
  echo $? >"$exchange/status"
  sync
  busybox poweroff -f
' bash "$exchange"
