import { Protocol } from "../linux/constants.ts";
import type { NetlinkTransport } from "../linux/netlink-transport.ts";
import { attributesIn, u32BeOf } from "../netlink/reader.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import type { TrackedUsage } from "../../model/status/tracked-usage.ts";
import { beginMessage, headerBytes } from "./flow.ts";

// nfnetlink_conntrack.h: enum ctattr_stats_global
const attribute = { entries: 1, most: 2 };

/**
 * Reads how many connections a namespace tracks, and its limit, by which each namespace is bounded by
 * itself; undefined if the kernel does not report them.
 *
 * @param namespace a path; undefined for the process's own
 * @throws {NetlinkError} ENOENT if the namespace does not exist
 */
export function trackedUsage(
  namespace: string | undefined,
  netlink: NetlinkTransport,
): TrackedUsage | undefined {
  using socket = NetlinkSocket.open(namespace, Protocol.netfilter, netlink);
  const message = socket.query("count tracked connections", (writer) =>
    beginMessage(writer, "statistics", undefined),
  );
  return message && usageIn(message.body);
}

/** Reads the kernel's answer; undefined if it is incomplete, as before Linux 4.18. */
export function usageIn(body: Buffer): TrackedUsage | undefined {
  const attributes = attributesIn(body, headerBytes);
  const connections = u32BeOf(attributes.get(attribute.entries));
  const limit = u32BeOf(attributes.get(attribute.most));
  return connections === undefined || limit === undefined ? undefined : { connections, limit };
}
