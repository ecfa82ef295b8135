import { formatAddress } from "../../model/net/address.ts";
import type { TrackedPort } from "../../model/rules/tracking-plan.ts";
import { isTarget } from "../../model/translation/tracked-ports.ts";
import { Protocol } from "../linux/constants.ts";
import type { NetlinkMessage } from "../netlink/reader.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import type { NetlinkTransport } from "../linux/netlink-transport.ts";
import { deleteFlow, flowIn, writeFlowsTo } from "./flow.ts";

/** The most flows that are read into memory at once; the next round removes further ones. */
const most = 10_000;
const mostRounds = 20;

/**
 * Removes the flows of ports whose backend is not among their targets: a client that goes on sending
 * would keep such a flow alive, and its packets would never reach another backend.
 *
 * @param namespace a path; undefined for the process's own
 * @throws {NetlinkError} the first refusal
 * @returns the number of removed flows
 */
export function removeStaleFlows(
  namespace: string | undefined,
  ports: readonly TrackedPort[],
  netlink: NetlinkTransport,
): number {
  if (ports.length === 0) return 0;
  using socket = NetlinkSocket.open(namespace, Protocol.netfilter, netlink);
  return ports.reduce((sum, port) => sum + removeFrom(socket, port), 0);
}

function removeFrom(socket: Pick<NetlinkSocket, "dump" | "batch">, port: TrackedPort): number {
  let removed = 0;
  for (let round = 0; round < mostRounds; round++) {
    const stale = staleFlows(socket, port);
    const [error] = socket.batch(stale.map(deleteFlow));
    if (error !== undefined) throw error;
    removed += stale.length;
    if (stale.length < most) break;
  }
  return removed;
}

function staleFlows(socket: Pick<NetlinkSocket, "dump">, port: TrackedPort) {
  const isWanted = ({ body }: NetlinkMessage) => staleFlow(body, port) !== undefined;
  const messages = socket.dump("list tracked flows", (writer) => writeFlowsTo(writer, port), {
    isWanted,
    most,
  });
  return messages.flatMap(({ body }) => staleFlow(body, port) ?? []);
}

function staleFlow(body: Buffer, port: TrackedPort) {
  const flow = flowIn(body);
  if (flow === undefined || flow.to.port !== port.port) return undefined;
  if (formatAddress(flow.to.address) !== formatAddress(port.address)) return undefined;
  return isTarget(port, flow.backend) ? undefined : flow;
}
