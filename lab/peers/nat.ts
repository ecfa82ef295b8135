import { inNetns, ip } from "../sites/shell.ts";

/** The addresses of a path with NAT: the peer sees the router's in place of the node's. */
export const natSites = {
  node: "192.168.10.1",
  router: "192.168.20.254",
  peer: "192.168.20.2",
} as const;

/** Puts a router with NAT between node and peer, beside their direct cable. */
export function natBetween(): Disposable {
  ip("netns add nat");
  ip("link add wire1 type veth peer name wire1 netns nat");
  ip("-n peer link add wire2 type veth peer name wire2 netns nat");
  ip(`addr add ${natSites.node}/24 dev wire1`);
  ip("-n nat addr add 192.168.10.254/24 dev wire1");
  ip(`-n nat addr add ${natSites.router}/24 dev wire2`);
  ip(`-n peer addr add ${natSites.peer}/24 dev wire2`);
  for (const end of ["", "-n nat "]) ip(`${end}link set wire1 up`);
  for (const end of ["-n peer ", "-n nat "]) ip(`${end}link set wire2 up`);
  inNetns("nat", "sysctl -qw net.ipv4.ip_forward=1");
  ip("route add 192.168.20.0/24 via 192.168.10.254");
  inNetns("nat", "nft add table ip nat");
  inNetns("nat", "nft add chain ip nat out { type nat hook postrouting priority 100 ; }");
  inNetns("nat", "nft add rule ip nat out oif wire2 masquerade");
  return {
    [Symbol.dispose]: () => {
      ip("netns del nat");
      // Its other ends may end a moment later, or with it.
      for (const end of ["link del wire1", "-n peer link del wire2"]) {
        try {
          ip(end);
        } catch {
          // It ended with the namespace.
        }
      }
    },
  };
}
