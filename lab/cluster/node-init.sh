#!/bin/bash
# A node of the lab's cluster, in a machine of User-Mode Linux: containerd, kubelet and
# kube-proxy, on the host's file tree. The job that starts it sets:
#
#   NAME ADDRESS POD_NETWORK GATEWAY   the node's name, its address, its pods' network, its default route
#   BINARIES PKI IMAGES                folders on the host
set -eu
# Addresses have their prefix length: 10.50.0.11/24.
ip addr add "$ADDRESS" dev vec0
ip link set vec0 up
ip route add default via "$GATEWAY"
hostname "$NAME"
address=${ADDRESS%/*}
printf '127.0.0.1 localhost\n%s %s\n' "$address" "$NAME" >/etc/hosts

for folder in /var/lib/containerd /var/lib/kubelet /var/log /opt /etc/cni; do
  mkdir -p "$folder"
  mount -t tmpfs tmpfs "$folder"
done
mount --make-rshared /
# cadvisor does not accept a processor without a frequency.
{ cat /proc/cpuinfo; echo 'cpu MHz : 2000.000'; } >/run/cpuinfo
mount --bind /run/cpuinfo /proc/cpuinfo
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.bridge.bridge-nf-call-iptables=1 || true
for controller in cpu memory pids; do
  echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control || true
done

mkdir -p /etc/cni/net.d /run/node
cat >/etc/cni/net.d/10-lab.conflist <<CNI
{"cniVersion":"1.0.0","name":"lab","plugins":[
  {"type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":false,"hairpinMode":true,"mtu":1500,
   "ipam":{"type":"host-local","ranges":[[{"subnet":"$POD_NETWORK"}]],"routes":[{"dst":"0.0.0.0/0"}],"dataDir":"/run/node/cni"}},
  {"type":"portmap","capabilities":{"portMappings":true}}]}
CNI
cat >/run/node/containerd.toml <<TOML
version = 3
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "docker.io/library/lab:dev"
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["/usr/lib/cni"]
  conf_dir = "/etc/cni/net.d"
TOML
cat >/run/node/kubelet.yaml <<KUBELET
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: { x509: { clientCAFile: $PKI/ca.crt }, anonymous: { enabled: false }, webhook: { enabled: true } }
authorization: { mode: Webhook }
cgroupDriver: cgroupfs
failSwapOn: false
enforceNodeAllocatable: []
evictionHard: {}
localStorageCapacityIsolation: false
resolvConf: ""
clusterDomain: cluster.local
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
tlsCertFile: $PKI/$NAME.crt
tlsPrivateKeyFile: $PKI/$NAME.key
# The kubelet reports a changed status at once, and checks for changes often.
nodeStatusUpdateFrequency: 4s
syncFrequency: 10s
KUBELET
cat >/run/node/proxy.yaml <<PROXY
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clientConnection: { kubeconfig: $PKI/kube-proxy.kubeconfig }
clusterCIDR: 10.244.0.0/16
conntrack: { maxPerCore: 0, min: 0 }
PROXY

export PATH=$BINARIES:$PATH
logs=$LOGS/$NAME
mkdir -p "$logs"
containerd --config /run/node/containerd.toml >"$logs/containerd.log" 2>&1 &
until ctr version >/dev/null 2>&1; do sleep 0.2; done
for image in "$IMAGES"/*.tar; do
  ctr -n k8s.io images import --local --no-unpack=false "$image" >>"$logs/images.log" 2>&1 ||
    ctr -n k8s.io images import "$image" >>"$logs/images.log" 2>&1
done
# Sourced to start the kubelet, also by tests that restart it.
cat >/run/node/start-kubelet <<KUBELET
export PATH=$PATH
setsid kubelet --config=/run/node/kubelet.yaml --kubeconfig=$KUBECONFIG \\
  --hostname-override=$NAME --node-ip=$address </dev/null >>$logs/kubelet.log 2>&1 &
echo \$! >/run/node/kubelet.pid
KUBELET
kube-proxy --config=/run/node/proxy.yaml --hostname-override="$NAME" >"$logs/kube-proxy.log" 2>&1 &
. /run/node/start-kubelet
exec node "$SHELL_SERVER" "$address"
