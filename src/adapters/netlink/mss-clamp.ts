import { Nl, Protocol } from "./constants.ts";
import { NetlinkSocket, type Request } from "./socket.ts";
import type { MessageWriter } from "./writer.ts";

/**
 * TCP's maximum segment size, lowered to the smaller of the two routes' MTUs in what a
 * namespace forwards: peers that lose "too big" on the way still agree on segments that
 * fit. The rule is what nft prints as
 *
 *     table inet ipman { chain forward { type filter hook forward priority mangle;
 *       tcp flags syn / syn,rst tcp option maxseg size set rt mtu } }
 */
export function ensureMssClamp(namespace: string | undefined): void {
  using socket = NetlinkSocket.open(namespace, Protocol.netfilter);
  if (ruleCount(socket) === 1) return;
  socket.transaction(subsystem, [
    // Made first, so that the deletion never fails.
    request("add table", message.newTable, (w) => w.attributeText(table.name, tableName)),
    request("delete table", message.delTable, (w) => w.attributeText(table.name, tableName)),
    request("add table", message.newTable, (w) => w.attributeText(table.name, tableName)),
    request("add chain", message.newChain, writeChain),
    request("add rule", message.newRule, writeRule),
  ]);
}

const tableName = "ipman";
const chainName = "forward";

// netfilter/nfnetlink.h, nf_tables.h. Integers are big-endian here.
const subsystem = 10;
const message = { newTable: 0, delTable: 2, newChain: 3, newRule: 6, getRule: 7 };
const headerBytes = 4; // struct nfgenmsg
const inet = 1;
const table = { name: 1 };
const chain = { table: 1, name: 3, hook: 4, type: 7, hookNumber: 1, hookPriority: 2 };
const rule = { table: 1, chain: 2, expressions: 4, element: 1, name: 1, data: 2 };
const hookForward = 2;
const priorityMangle = -150;
const register = 1;

function ruleCount(socket: NetlinkSocket): number {
  const rules = socket.dump("list rules", (writer) =>
    writer
      .begin((subsystem << 8) | message.getRule, 0, headerBytes)
      .u8(0, inet)
      .attributeText(rule.table, tableName),
  );
  return rules.length;
}

function request(op: string, type: number, write: (writer: MessageWriter) => void): Request {
  return {
    op: `${op} ${tableName}`,
    write: (writer) => {
      const flags = type === message.delTable ? 0 : Nl.create;
      write(writer.begin((subsystem << 8) | type, flags, headerBytes).u8(0, inet));
    },
  };
}

function writeChain(writer: MessageWriter): void {
  writer
    .attributeText(chain.table, tableName)
    .attributeText(chain.name, chainName)
    .nest(chain.hook | Nl.nested, () => {
      writer.attributeU32Be(chain.hookNumber, hookForward);
      writer.attributeU32Be(chain.hookPriority, priorityMangle);
    })
    .attributeText(chain.type, "filter");
}

function writeRule(writer: MessageWriter): void {
  const tcp = 6;
  const flagsOffset = 13;
  const syn = 0x02;
  const synOrRst = 0x06;
  writer.attributeText(rule.table, tableName).attributeText(rule.chain, chainName);
  writer.nest(rule.expressions | Nl.nested, () => {
    expression(writer, "meta", [1, register], [2, 16]); // l4proto
    compare(writer, tcp);
    expression(writer, "payload", [1, register], [2, 2], [3, flagsOffset], [4, 1]);
    mask(writer, synOrRst);
    compare(writer, syn);
    expression(writer, "rt", [1, register], [2, 3]); // tcpmss of both routes
    expression(writer, "byteorder", [1, register], [2, register], [3, 1], [4, 2], [5, 2]);
    writeMaxseg(writer);
  });
}

function expression(writer: MessageWriter, name: string, ...fields: [number, number][]): void {
  element(writer, name, () => {
    for (const [type, value] of fields) writer.attributeU32Be(type, value);
  });
}

function element(writer: MessageWriter, name: string, data: () => void): void {
  writer.nest(rule.element | Nl.nested, () => {
    writer.attributeText(rule.name, name);
    writer.nest(rule.data | Nl.nested, data);
  });
}

function value(writer: MessageWriter, type: number, byte: number): void {
  writer.nest(type | Nl.nested, () => writer.attribute(1, Uint8Array.of(byte)));
}

function compare(writer: MessageWriter, byte: number): void {
  element(writer, "cmp", () => {
    writer.attributeU32Be(1, register).attributeU32Be(2, 0);
    value(writer, 3, byte);
  });
}

function mask(writer: MessageWriter, byte: number): void {
  element(writer, "bitwise", () => {
    writer.attributeU32Be(1, register).attributeU32Be(2, register).attributeU32Be(3, 1);
    value(writer, 4, byte);
    value(writer, 5, 0);
  });
}

/** Writes the register into the two bytes of option 2 (maximum segment size). */
function writeMaxseg(writer: MessageWriter): void {
  const tcpOption = 1;
  element(writer, "exthdr", () => {
    writer.attributeU8(2, 2).attributeU32Be(3, 2).attributeU32Be(4, 2);
    writer.attributeU32Be(6, tcpOption).attributeU32Be(7, register);
  });
}
