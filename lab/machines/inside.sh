#!/bin/bash
# The second part of a machine's init, after its root became an overlay over the host's file
# tree: runs one job and powers off.
#
#   inside.sh EXCHANGE MOUNT-OPTION…    the options with which mount(8) mounts the exchange folder:
#     EXCHANGE/job     the script to run
#     EXCHANGE/status  written here: the job's exit status
exchange=$1
shift
mkdir -p /dev/pts /dev/shm
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts
mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null
mount --make-rshared /
mkdir -p "$exchange"
mount "$@" "$exchange"
ip link set lo up
ulimit -n 65536
bash "$exchange/job" </dev/null
echo $? >"$exchange/status"
sync
busybox poweroff -f
