#!/bin/bash
# A partner with two gateways, in namespaces of the peer's machine: `first` and `second`, each with a
# charon, and `behind` with a host of the network behind both. It sends to a worker by the gateway that the
# worker's last packet came by, as it would if the partner's routing followed the tunnel that is up.
#
#   partner.sh build ROUND_TRIP_MS ADDRESS ADDRESS
#   partner.sh remove
set -eu
state=/run/partner
here=$(dirname "$0")

build() {
  local delay=$1 n=0 gateway
  shift
  mkdir -p $state
  # Packets to the partner are not delayed: the whole round trip is in those from it.
  tc qdisc replace dev vec0 root netem delay "${delay}ms" limit 10000
  ip netns add behind
  ip -n behind link set lo up
  ip -n behind addr add 10.0.1.1/32 dev lo
  for gateway in first second; do
    n=$((n + 1))
    gateway $gateway $n "$1"
    shift
  done
  ip netns exec behind nft -f - <<'NFT'
table ip partner {
  set moved {
    type ipv4_addr
    flags dynamic
    size 1024
  }
  chain input {
    type filter hook input priority 0
    iifname "first" delete @moved { ip saddr }
    iifname "second" add @moved { ip saddr }
  }
  chain output {
    type route hook output priority 0
    ip daddr @moved meta mark set 2
  }
}
NFT
  background behind node "$here/transfer.ts" receive 10.0.1.1
  background behind node "$here/../sites/greeter.ts" behind 5433
}

# gateway NAME NUMBER ADDRESS
gateway() {
  ip netns add "$1"
  ip link add wire link vec0 netns "$1" address "02:00:00:00:01:0$2" type macvlan mode bridge
  ip -n "$1" link set lo up
  ip -n "$1" addr add "$3/24" dev wire
  ip -n "$1" link set wire up
  ip link add inner netns "$1" type veth peer name "$1" netns behind
  ip -n "$1" addr add "172.31.$2.1/24" dev inner
  ip -n "$1" link set inner up
  ip -n behind addr add "172.31.$2.2/24" dev "$1"
  ip -n behind link set "$1" up
  ip -n "$1" route add 10.0.1.0/24 via "172.31.$2.2"
  # The ESP policies apply to this route.
  ip -n "$1" route add 10.0.2.0/24 dev wire
  ip -n behind route add default via "172.31.$2.1" table "$2"
  ip -n behind rule add fwmark "$2" table "$2"
  ip -n behind route append default via "172.31.$2.1" metric "$2"
  ip netns exec "$1" sysctl -qw net.ipv4.ip_forward=1
  sed "s|/run/peer.vici|$state/$1.vici|; s|/charon.log|/$1.log|" /run/strongswan.conf >"$state/$1.conf"
  STRONGSWAN_CONF=$state/$1.conf background "$1" charon-systemd
  until [ -S "$state/$1.vici" ]; do sleep 0.1; done
}

# background NAMESPACE COMMAND...
background() {
  ip netns exec "$@" </dev/null >>"$state/$1.output" 2>&1 &
  echo $! >>$state/pids
}

remove() {
  xargs kill <$state/pids || true
  for namespace in first second behind; do ip netns del $namespace || true; done
  tc qdisc del dev vec0 root || true
  rm -r $state
}

"$@"
