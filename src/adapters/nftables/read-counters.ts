import type { Volume, Volumes } from "../../model/rules/counting-plan.ts";
import type { RulesPlan } from "../../model/rules/rules-plan.ts";
import { Protocol } from "../linux/constants.ts";
import type { NetlinkTransport } from "../linux/netlink-transport.ts";
import { attributesIn, textOf, u64BeOf, type NetlinkMessage } from "../netlink/reader.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { headerBytes, headerOf } from "./read-table.ts";

// nf_tables.h: NFT_MSG_GETOBJ, enum nft_object_attributes, NFT_OBJECT_COUNTER, enum nft_counter_attributes
const getObjects = 19;
const objectAttribute = { table: 1, name: 2, type: 3, data: 4 };
const counterType = Buffer.from([0, 0, 0, 1]);
const counterAttribute = { bytes: 1, packets: 2 };

type CountingTable = Pick<RulesPlan, "table" | "family">;

/**
 * Reads the named counters of a table in one request; none if the table does not exist.
 *
 * @throws {NetlinkError}
 */
export function readCounters(
  socket: Pick<NetlinkSocket, "dump">,
  { table, family = "inet" }: CountingTable,
): Volumes {
  const messages = socket.dump("list counters", (writer) =>
    headerOf(writer, getObjects, family)
      .attributeText(objectAttribute.table, table)
      .attribute(objectAttribute.type, counterType),
  );
  return new Map(messages.flatMap((message) => counterIn(message, table)));
}

/**
 * Reads the named counters of a table in a namespace.
 *
 * @param namespace a path; undefined for the process's own
 * @throws {NetlinkError} ENOENT if the namespace does not exist
 */
export function countersOf(
  namespace: string | undefined,
  table: CountingTable,
  netlink: NetlinkTransport,
): Volumes {
  using socket = NetlinkSocket.open(namespace, Protocol.netfilter, netlink);
  return readCounters(socket, table);
}

function counterIn({ body }: NetlinkMessage, table: string): [string, Volume][] {
  const attributes = attributesIn(body, headerBytes);
  const data = attributesIn(attributes.get(objectAttribute.data) ?? Buffer.alloc(0));
  const bytes = u64BeOf(data.get(counterAttribute.bytes));
  const packets = u64BeOf(data.get(counterAttribute.packets));
  const isOfTable = textOf(attributes.get(objectAttribute.table)) === table;
  if (!isOfTable || bytes === undefined || packets === undefined) return [];
  return [[textOf(attributes.get(objectAttribute.name)), { packets, bytes }]];
}
