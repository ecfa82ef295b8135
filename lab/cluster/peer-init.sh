#!/bin/bash
# The partner's site, in a machine of User-Mode Linux: a charon, a network behind it, and
# a web server on it. ADDRESS is its address on the wire to the cluster's nodes.
set -eu
ip addr add "$ADDRESS" dev vec0
ip link set vec0 up
for n in 1 3 5; do ip addr add "10.0.$n.1/24" dev lo; done
ip addr add fd00:a1::1/64 dev lo nodad
# The routes back into the tunnels; the ESP policies apply to them.
ip route add 10.0.2.0/24 dev vec0 src 10.0.1.1
ip route add 10.0.4.0/24 dev vec0 src 10.0.3.1
ip route add 10.0.6.0/24 dev vec0 src 10.0.5.1
ip -6 route add fd00:a0::/32 dev vec0
# The route to the nodes' pods, of which a charon may be one.
ip route add 10.244.1.0/24 via 192.168.1.1
ip route add 10.244.2.0/24 via 192.168.1.3

mkdir -p /run/www
head -c 20000000 /dev/urandom >/run/www/large
busybox httpd -p 80 -h /run/www
cat >/run/strongswan.conf <<CONF
charon-systemd {
  load = random nonce aes sha1 sha2 md5 hmac kdf cmac xcbc gcm ctr ccm chapoly curve25519 openssl pem pkcs1 pubkey x509 kernel-netlink socket-default vici counters
  install_routes = no
  retransmit_tries = 3
  retransmit_timeout = 1.0
  plugins {
    vici {
      socket = unix:///run/peer.vici
    }
  }
  filelog {
    log {
      path = $LOGS/charon.log
      default = 1
      flush_line = yes
      time_format = %H:%M:%S
    }
  }
}
CONF
mkdir -p "$LOGS"
STRONGSWAN_CONF=/run/strongswan.conf charon-systemd >"$LOGS/output.log" 2>&1 &
exec node "$SHELL_SERVER" "${ADDRESS%/*}"
