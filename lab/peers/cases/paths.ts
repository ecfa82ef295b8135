import assert from "node:assert/strict";
import { sites } from "../../sites/manifests.ts";
import { inNetns, ip } from "../../sites/shell.ts";
import type { Cases } from "./case.ts";
import { natBetween, natSites } from "../nat.ts";
import { workerOf, type PeerSite } from "../peer-site.ts";
import { tunnelOf, type Tunnel } from "../tunnel.ts";

const [near, far] = ["10.1.12.0/24", "10.7.12.0/24"];
const two = withNetworks(tunnelOf("two", 12), [near, far]);
const nat = tunnelOf("nat", 13);
const small = tunnelOf("small", 14);
const six = tunnelOf("six", 15);
const smallMtu = 1_280;

function withNetworks(tunnel: Tunnel, networks: readonly string[]): Tunnel {
  return { ...tunnel, peer: { ...tunnel.peer, networks } };
}

/** Sends the largest packets of the tunnel's MTU both ways, none of which may be fragmented. */
function largestPass(site: PeerSite, tunnel: Tunnel): void {
  const worker = workerOf(tunnel);
  const mtu = Number(inNetns(worker, `cat /sys/class/net/vxlan${100 + tunnel.number}/mtu`));
  assert.ok(mtu > smallMtu - 100 && mtu < smallMtu, `the tunnel's MTU is ${mtu}`);
  const largest = `ping -n -c 2 -i 0.05 -W 1 -M do -s ${mtu - 28}`;
  inNetns(worker, `${largest} ${tunnel.target}`);
  inNetns("peer", `${largest} -I ${tunnel.target} ${site.addressOf(tunnel)}`);
}

async function carryTwo(site: PeerSite): Promise<void> {
  ip("-n peer addr replace 10.7.12.1/24 dev lo");
  await site.up(two);
  site.carries(two);
  site.carries({ ...two, target: "10.7.12.1" });
  await site.remove(two);
}

export const paths = {
  "two-networks": carryTwo,

  nat: async (site) => {
    using _ = natBetween();
    const behind = {
      ...nat,
      node: { ...nat.node, address: natSites.node },
      peer: { ...nat.peer, address: natSites.peer },
    };
    await site.up(behind, { node: { ...nat.node, address: natSites.router } });
    site.carries(behind);
    assert.match(ip("xfrm state"), /encap type espinudp/);
    await site.remove(behind);
  },

  "small-mtu": async (site) => {
    const setMtu = (mtu: number) => {
      ip(`link set wire0 mtu ${mtu}`);
      ip(`-n peer link set wire0 mtu ${mtu}`);
    };
    setMtu(smallMtu);
    try {
      await site.up(small);
      largestPass(site, small);
      await site.remove(small);
    } finally {
      setMtu(1_500);
    }
  },

  ipv6: async (site) => {
    const inner: Tunnel = {
      ...six,
      node: { ...six.node, address: sites.node.v6, networks: ["fd00:a0:f::/64"] },
      peer: { ...six.peer, address: sites.peer.v6, networks: ["fd00:a1::/64"] },
      target: "fd00:a1::1",
    };
    const child = {
      xfrm_ip: "fd00:a0:f::1/64",
      vxlan_ip: "fd00:a0:f::2/64",
      ip_pools: { primary: ["fd00:a0:f::10/64"] },
    };
    await site.up(inner, {}, { child });
    site.carries(inner);
    await site.remove(inner);
  },
} satisfies Cases;

/** For a peer whose CHILD SAs have one pair of networks: the status names the network left out. */
export async function carryOneOfTwo(site: PeerSite): Promise<void> {
  await site.up(two, withNetworks(two, [near]));
  const status = await site.ipman.until(({ connections }) =>
    connections.some(
      ({ id, conditions }) => id === two.name && conditions.some(({ type }) => type === "Differs"),
    ),
  );
  assert.ok(JSON.stringify(status).includes(`the peer left out ${far}`));
  site.carries(two);
  await site.remove(two);
}
