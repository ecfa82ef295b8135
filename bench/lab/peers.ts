import { libreswan4, libreswan5 } from "../../lab/peers/daemons/libreswan.ts";
import { openiked72, openiked74 } from "../../lab/peers/daemons/openiked.ts";
import { strongswan60, strongswan61 } from "../../lab/peers/daemons/strongswan.ts";
import type { Implementation } from "../../lab/peers/peer.ts";
import { PeerSite } from "../../lab/peers/peer-site.ts";
import { childKey, manifestOf, proposalOf, tunnelOf } from "../../lab/peers/tunnel.ts";
import { sitesFolder } from "../../lab/sites/evidence.ts";
import type { Row } from "../row.ts";
import { manifestFolder, timesSideBySide } from "./host-run.ts";
import { Swanctl } from "./swanctl.ts";

const rounds = 7;
const implementations = [
  libreswan4,
  libreswan5,
  openiked72,
  openiked74,
  strongswan60,
  strongswan61,
] as const;

/** The times to establish a tunnel with peers of other implementations, beside `swanctl`. */
export async function peerRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const implementation of implementations) rows.push(await establishedRow(implementation));
  return rows;
}

async function establishedRow(implementation: Implementation): Promise<Row> {
  await using site = await PeerSite.build(implementation);
  await site.ipman.stop();
  const tunnel = tunnelOf("bench", 2);
  await site.peer.load(tunnel);
  const folder = sitesFolder();
  const manifests = manifestFolder(folder, manifestOf(tunnel));
  const { name, number, node, peer, ike, esp } = tunnel;
  const byHand = new Swanctl(folder, site.node.vici, {
    name,
    localAddr: node.address,
    remoteAddr: peer.address,
    proposals: proposalOf(ike),
    espProposals: proposalOf(esp),
    children: [
      {
        name: childKey(tunnel),
        local: node.networks,
        remote: peer.networks,
        ifId: 100 + number,
      },
    ],
  });
  const both = { node: site.node, byHand, manifests, name, wanted: 1 };
  return {
    what: `start of \`ipman run\` to a CHILD SA with ${implementation.name} ${site.version}, process start apart, median`,
    against: "swanctl --load-all, then --initiate",
    unit: "ms",
    ...(await timesSideBySide(both, rounds)),
    goal: { atMost: 1.3 },
  };
}
