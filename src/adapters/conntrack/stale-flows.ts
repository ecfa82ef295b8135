import { formatHostPort } from "../../model/net/host-port.ts";
import type { TrackedPort } from "../../model/rules/tracking-plan.ts";
import { isTarget } from "../../model/translation/tracked-ports.ts";
import { Protocol } from "../linux/constants.ts";
import type { NetlinkMessage } from "../netlink/reader.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import type { NetlinkTransport } from "../linux/netlink-transport.ts";
import type { MessageWriter } from "../netlink/writer.ts";
import { deleteFlow, flowIn, writeFlows, writeFlowsTo } from "./flow.ts";

/** The most flows that are read into memory at once; the next round removes further ones. */
const most = 10_000;
const mostRounds = 20;

/**
 * The most ports whose flows are listed one by one: the kernel looks at all flows for each, and the agent
 * waits. The flows of more ports are found in one list of all.
 */
const mostLists = 16;

/**
 * Removes the flows of ports whose backend is not among their targets, or that have another source: a client that goes on sending
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
  return flowListsOf(ports).reduce((sum, list) => sum + removeFrom(socket, list), 0);
}

/** A list of flows, and the ports for which it is read. */
interface FlowList {
  readonly write: (writer: MessageWriter) => void;
  /** By their ends. */
  readonly ports: ReadonlyMap<string, TrackedPort>;
}

/** The lists of flows in which those of ports are. */
function flowListsOf(ports: readonly TrackedPort[]): FlowList[] {
  return ([4, 6] as const).flatMap((family) => {
    const some = ports.filter(({ address }) => address.family === family);
    if (some.length > mostLists)
      return [{ write: (writer) => writeFlows(writer, family), ports: byEnd(some) }];
    return some.map((port): FlowList => {
      return { write: (writer) => writeFlowsTo(writer, port), ports: byEnd([port]) };
    });
  });
}

function byEnd(ports: readonly TrackedPort[]): ReadonlyMap<string, TrackedPort> {
  return new Map(ports.map((port) => [formatHostPort(port.address, port.port), port]));
}

function removeFrom(socket: Pick<NetlinkSocket, "dump" | "batch">, list: FlowList): number {
  let removed = 0;
  for (let round = 0; round < mostRounds; round++) {
    const stale = staleFlows(socket, list);
    const [error] = socket.batch(stale.map(deleteFlow));
    if (error !== undefined) throw error;
    removed += stale.length;
    if (stale.length < most) break;
  }
  return removed;
}

function staleFlows(socket: Pick<NetlinkSocket, "dump">, { write, ports }: FlowList) {
  const isWanted = ({ body }: NetlinkMessage) => staleFlow(body, ports) !== undefined;
  const messages = socket.dump("list tracked flows", write, { isWanted, most });
  return messages.flatMap(({ body }) => staleFlow(body, ports) ?? []);
}

function staleFlow(body: Buffer, ports: FlowList["ports"]) {
  const flow = flowIn(body);
  if (flow === undefined) return undefined;
  const port = ports.get(formatHostPort(flow.to.address, flow.to.port));
  return port === undefined || isTarget(port, flow) ? undefined : flow;
}
