import { describe, after, before } from "node:test";
import { addresses, type LabCluster } from "./cluster.ts";
import { walkThrough, walkThroughChild } from "./manifests.ts";
import { behind, gatewayAddresses, Partner } from "./partner.ts";
import { configurePeer, examplePeer, type PeerConnection } from "./peer.ts";
import { TwoNodes } from "./two-nodes.ts";

const { first, second } = gatewayAddresses;
const roundTripMs = 40;

export interface TwoGatewayOptions {
  /** Whether the child has a probe; it has one by default. */
  readonly probe?: boolean;
  readonly standby?: "warm" | "hot" | "cold";
}

/** The walk-through's connection with a path from each node to a gateway of its own. */
export function twoGateways({ probe = true, standby = "warm" }: TwoGatewayOptions = {}) {
  const reserve = {
    name: "reserve",
    nodeName: "node-b",
    localAddr: addresses.nodeB,
    localId: addresses.nodeB,
    remoteAddr: second,
    remoteId: second,
    standby,
  };
  return walkThrough("node-a", {
    remoteAddr: first,
    remoteId: first,
    children: {
      "example-child": walkThroughChild(2, {
        ip_pools: { primary: ["10.0.2.3/24", "10.0.2.4/24"], services: ["10.0.2.8/24"] },
        ...(probe && { probe: { address: behind } }),
      }),
    },
    paths: [{ name: "main", standby }, reserve],
    failover: { failback: "never" },
  });
}

/** The address of the connection that one of its nodes has. */
const floating = "192.168.1.9";

/** The same connection, with one address for the partner's first gateway, on one of the nodes. */
export function floatingAddress() {
  return walkThrough("node-a", {
    localAddr: "%any",
    localId: floating,
    remoteAddr: first,
    remoteId: first,
    paths: [{ name: "main" }, { name: "reserve", nodeName: "node-b" }],
    failover: { failback: "never", floatingAddr: `${floating}/24` },
  });
}

/** Has the partner's first gateway accept the floating address alone. */
export function acceptFloating(partner: Partner): Promise<void> {
  return partner.configure("first", [{ ...peerOf(first, floating), accepts: floating }]);
}

function peerOf(localId: string, remoteId: string): PeerConnection {
  return { ...examplePeer, localId, remoteId };
}

/** The cluster and the connection of a scenario. */
export interface LossLab {
  readonly cluster: LabCluster;
  readonly partner: Partner;
  readonly paths: TwoNodes;
}

/** Builds a partner with two gateways, 40 ms away, and a connection with a path from each node to one. */
export async function connectTwoGateways(
  cluster: LabCluster,
  resources: AsyncDisposableStack,
): Promise<LossLab> {
  const partner = resources.use(await Partner.build(cluster, roundTripMs));
  await partner.configure("first", [peerOf(first, addresses.nodeA)]);
  await partner.configure("second", [peerOf(second, addresses.nodeB)]);
  const paths = new TwoNodes(() => cluster, behind);
  cluster.apply(twoGateways());
  await paths.rolesAre("main reserve active standby");
  await paths.isReady("reserve");
  await paths.replaceWorkers();
  return { cluster, partner, paths };
}

/** Has the connection one path to the usual partner again. */
export async function disconnectTwoGateways(
  { cluster, paths }: LossLab,
  resources: AsyncDisposableStack,
): Promise<void> {
  // The partner first: a refused key is tried again after more than a minute only.
  await configurePeer(cluster, [examplePeer]);
  cluster.apply(walkThrough("node-a"));
  await resources.disposeAsync();
  await paths.carries();
}

/** Runs scenarios between two nodes and two gateways of the partner. */
export function betweenTwoGateways(
  cluster: () => LabCluster,
  scenarios: (lab: () => LossLab) => void,
): void {
  describe("a connection from two nodes to two gateways of the partner", () => {
    const resources = new AsyncDisposableStack();
    let lab: LossLab;

    before(
      async () => {
        lab = await connectTwoGateways(cluster(), resources);
      },
      { timeout: 200_000 },
    );
    after(() => disconnectTwoGateways(lab, resources));

    scenarios(() => lab);
  });
}
