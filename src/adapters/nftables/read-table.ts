import { createHash } from "node:crypto";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { attributesIn, textOf, type NetlinkMessage } from "../netlink/reader.ts";
import type { MessageWriter } from "../netlink/writer.ts";

/** A table as the kernel has it. */
export interface ActualTable {
  /** The table's comment; empty where it has none, and where there is no table. */
  readonly comment: string;
  /** The chains that have rules. */
  readonly chains: ReadonlySet<string>;
  /** Differs as soon as a rule or an element of the sets was added, removed or made again. */
  readonly fingerprint: string;
}

// netfilter/nfnetlink.h, nf_tables.h
const subsystem = 10;
const get = { table: 1, rule: 7, elements: 13 };
const headerBytes = 4; // struct nfgenmsg
const inet = 1;
const tableAttribute = { name: 1, userdata: 6 };
const ruleAttribute = { table: 1, chain: 2 };
const elementsAttribute = { table: 1, set: 2 };
// libnftnl/udata.h: NFTNL_UDATA_TABLE_COMMENT
const commentType = 0;

/** Reads a table of the family inet, with the elements of these sets. */
export function readTable(
  socket: NetlinkSocket,
  name: string,
  sets: readonly string[],
): ActualTable {
  const table = socket.query("find table", (writer) =>
    header(writer, get.table).attributeText(tableAttribute.name, name),
  );
  if (table === undefined) return { comment: "", chains: new Set(), fingerprint: "" };
  const rules = socket.dump("list rules", (writer) =>
    header(writer, get.rule).attributeText(ruleAttribute.table, name),
  );
  const elements = sets.flatMap((set) =>
    socket.dump("list elements", (writer) =>
      header(writer, get.elements)
        .attributeText(elementsAttribute.table, name)
        .attributeText(elementsAttribute.set, set),
    ),
  );
  return {
    comment: commentOf(table),
    chains: new Set(rules.map(chainOf)),
    fingerprint: fingerprintOf([...rules, ...elements]),
  };
}

function header(writer: MessageWriter, type: number): MessageWriter {
  return writer.begin((subsystem << 8) | type, 0, headerBytes).u8(0, inet);
}

/** Type, length, value, in a single byte each but the last. */
function commentOf({ body }: NetlinkMessage): string {
  const data = attributesIn(body, headerBytes).get(tableAttribute.userdata);
  if (data === undefined || data.length < 2 || data.readUInt8(0) !== commentType) return "";
  return textOf(data.subarray(2, 2 + data.readUInt8(1)));
}

function chainOf({ body }: NetlinkMessage): string {
  return textOf(attributesIn(body, headerBytes).get(ruleAttribute.chain));
}

/** The header counts the changes to all tables of the namespace; the rest is the table's own. */
function fingerprintOf(messages: readonly NetlinkMessage[]): string {
  const hash = createHash("sha256");
  for (const { body } of messages) hash.update(body.subarray(headerBytes));
  return hash.digest("hex");
}
