import { createHash } from "node:crypto";
import type { RulesFamily, RulesPlan } from "../../model/rules/rules-plan.ts";
import { NetlinkError } from "../linux/errors.ts";
import type { NetlinkSocket } from "../netlink/socket.ts";
import { attributeList, attributesIn, textOf, type NetlinkMessage } from "../netlink/reader.ts";
import type { MessageWriter } from "../netlink/writer.ts";

/** A table in the kernel. */
export interface ActualTable {
  /** The table's comment; empty if it has none, or if there is no table. */
  readonly comment: string;
  /** The chains that have rules. */
  readonly chains: ReadonlySet<string>;
  /** The number of elements in all of the sets. */
  readonly size: number;
  /** Changes when a rule or an element of the sets is added, removed or recreated. */
  readonly fingerprint: string;
}

// netfilter/nfnetlink.h, nf_tables.h
const subsystem = 10;
const get = { table: 1, rule: 7, elements: 13 };
/** The size of struct nfgenmsg. */
export const headerBytes = 4;
// netfilter.h: NFPROTO_INET, NFPROTO_NETDEV
const families: Readonly<Record<RulesFamily, number>> = { inet: 1, netdev: 5 };
const tableAttribute = { name: 1, userdata: 6 };
const ruleAttribute = { table: 1, chain: 2 };
const elementsAttribute = { table: 1, set: 2, list: 3 };
// libnftnl/udata.h: NFTNL_UDATA_TABLE_COMMENT
const commentType = 0;

/**
 * Reads a plan's table, with the elements of its sets.
 *
 * @throws {NetlinkError}
 */
export function readTable(
  socket: Pick<NetlinkSocket, "query" | "dump">,
  { table: name, sets, family = "inet" }: Pick<RulesPlan, "table" | "sets" | "family">,
): ActualTable {
  const header = (writer: MessageWriter, type: number) => headerOf(writer, type, family);
  const table = socket.query("find table", (writer) =>
    header(writer, get.table).attributeText(tableAttribute.name, name),
  );
  if (table === undefined) return { comment: "", chains: new Set(), size: 0, fingerprint: "" };
  const rules = socket.dump("list rules", (writer) =>
    header(writer, get.rule).attributeText(ruleAttribute.table, name),
  );
  const elements = sets.flatMap((set) => {
    const messages = orNone(() =>
      socket.dump("list elements", (writer) =>
        header(writer, get.elements)
          .attributeText(elementsAttribute.table, name)
          .attributeText(elementsAttribute.set, set),
      ),
    );
    return [Buffer.from(set), ...messages.flatMap(elementsIn).toSorted((a, b) => a.compare(b))];
  });
  return {
    comment: commentOf(table),
    chains: new Set(rules.map(chainOf)),
    size: elements.length - sets.length,
    fingerprint: fingerprintOf([
      ...rules.map(({ body }) => body.subarray(headerBytes)),
      ...elements,
    ]),
  };
}

/** The elements of a set; none if the table has an earlier frame, without that set. */
function orNone(read: () => NetlinkMessage[]): NetlinkMessage[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof NetlinkError && error.code === "ENOENT") return [];
    throw error;
  }
}

/**
 * Lists the names of a namespace's tables of the family inet.
 *
 * @throws {NetlinkError}
 */
export function tableNames(socket: Pick<NetlinkSocket, "dump">): string[] {
  const tables = socket.dump("list tables", (writer) => headerOf(writer, get.table, "inet"));
  return tables.map(({ body }) => textOf(attributesIn(body, headerBytes).get(tableAttribute.name)));
}

/** Begins a request of nftables, by the type of its message. */
export function headerOf(writer: MessageWriter, type: number, family: RulesFamily): MessageWriter {
  return writer.begin((subsystem << 8) | type, 0, headerBytes).u8(0, families[family]);
}

/** Reads the comment in a table's user data: type and length, of a byte each, then the text. */
function commentOf({ body }: NetlinkMessage): string {
  const data = attributesIn(body, headerBytes).get(tableAttribute.userdata);
  if (data === undefined || data.length < 2 || data.readUInt8(0) !== commentType) return "";
  return textOf(data.subarray(2, 2 + data.readUInt8(1)));
}

function chainOf({ body }: NetlinkMessage): string {
  return textOf(attributesIn(body, headerBytes).get(ruleAttribute.chain));
}

/** Reads elements. Their order means nothing: the kernel rearranges a set some time after it grew. */
function elementsIn({ body }: NetlinkMessage): Buffer[] {
  const list = attributesIn(body, headerBytes).get(elementsAttribute.list) ?? Buffer.alloc(0);
  return attributeList(list).map(([, element]) => element);
}

/** Hashes the table's own parts, without headers: they count the changes of all tables. */
function fingerprintOf(parts: readonly Buffer[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length} `).update(part);
  return hash.digest("hex");
}
