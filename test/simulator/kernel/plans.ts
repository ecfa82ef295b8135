import type { Child } from "../../../src/model/api/connection.ts";
import { parseAddress, type Address } from "../../../src/model/net/address.ts";
import { parsePrefix, type Prefix } from "../../../src/model/net/prefix.ts";
import type { Worker } from "../../../src/model/network/endpoint.ts";
import { gatewayPlan, type GatewayFacts } from "../../../src/model/network/gateway-plan.ts";
import { SegmentKey } from "../../../src/model/network/segment-key.ts";
import { workerSecrets } from "../../../src/model/network/segment.ts";
import { workerPlan, type WorkerFacts } from "../../../src/model/network/worker-plan.ts";
import { connectionOf } from "../../models/fixtures.ts";

const connection = connectionOf();
const child = connection.children[0] as Child;
const segmentKey = new SegmentKey(Buffer.alloc(32, 7));

/** Parses an address that is known to be one. */
export function address(text: string): Address {
  return parseAddress(text) as Address;
}

/** Parses a prefix that is known to be one. */
export function prefix(text: string): Prefix {
  return parsePrefix(text) as Prefix;
}

/** A worker with an address in the segment and one on the pod network. */
export function workerOf(inner: string, underlay: string): Worker {
  return {
    id: inner,
    connection: connection.id,
    child: child.key,
    pool: "primary",
    reservation: "1",
    address: prefix(inner),
    underlay: address(underlay),
  };
}

/** The input of the plan of a gateway with two workers. */
export const gatewayFacts: GatewayFacts = {
  connection,
  child,
  tunnels: [child.ifId],
  tunnelMtu: 1_400,
  vxlanPort: 7_789,
  underlying: undefined,
  ownRoutes: () => [],
  gateway: { device: "eth0", mtu: 1_500, underlay: address("10.244.0.1") },
  segmentKey,
  workers: [workerOf("10.0.2.3/24", "10.244.0.3"), workerOf("10.0.2.4/24", "10.244.1.4")],
};

/** The input of the plan of a gateway beside others, with two workers that know of them. */
export const sharingFacts: GatewayFacts = {
  ...gatewayFacts,
  severalGateways: true,
  workers: gatewayFacts.workers.map((each) => ({ ...each, severalGateways: true })),
};

const worker = workerOf("10.0.2.3/24", "10.244.0.3");

/** The input of the plan of the first of these workers. */
export const workerFacts: WorkerFacts = {
  connection,
  child,
  worker: { ...worker, ...workerSecrets(segmentKey, connection, child, worker) },
  gatewayUnderlay: address("10.244.0.1"),
  device: "eth0",
  deviceMtu: 1_500,
  underlay: worker.underlay,
  ownRoutes: () => [],
  tunnelMtu: 1_400,
  vxlanPort: 7_789,
};

/** The plan of {@link gatewayFacts}. */
export const plannedGateway = gatewayPlan(gatewayFacts);

/** The plan of {@link workerFacts}. */
export const plannedWorker = workerPlan(workerFacts);
