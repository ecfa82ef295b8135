import { deleteLink } from "../netlink/link-requests.ts";
import { findLink } from "../netlink/links.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { Protocol } from "../linux/constants.ts";
import { NetlinkError } from "../linux/errors.ts";
import { libnftables } from "../nftables/libnftables.ts";
import { tableNames } from "../nftables/read-table.ts";
import { meansNoTables } from "../nftables/requirements.ts";
import { removeTables } from "../../model/rules/rules-plan.ts";
import { segmentDeviceOf } from "../../model/network/worker-rules.ts";

/**
 * Detaches a worker's namespace from its segments: deletes their devices, and with them addresses,
 * routes, neighbours and FDB entries, then their packet filters.
 *
 * @param namespace a path
 * @param kept the devices of the segments that stay
 * @throws {NetlinkError}
 * @throws {NftError}
 */
export function endSegments(namespace: string, kept: ReadonlySet<string> = new Set()): void {
  const tables = segmentTables(namespace).filter(
    (table) => !kept.has(segmentDeviceOf(table) as string),
  );
  using socket = NetlinkSocket.open(namespace);
  for (const table of tables) {
    const device = findLink(socket, segmentDeviceOf(table) as string);
    if (device?.vxlan !== undefined) socket.execute(deleteLink(device));
  }
  if (tables.length > 0) libnftables.run("remove packet filters", namespace, removeTables(tables));
}

function segmentTables(namespace: string): string[] {
  try {
    using socket = NetlinkSocket.open(namespace, Protocol.netfilter);
    return tableNames(socket).filter((table) => segmentDeviceOf(table) !== undefined);
  } catch (error) {
    if (error instanceof NetlinkError && meansNoTables(error)) return [];
    throw error;
  }
}
