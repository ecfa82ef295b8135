import { attributesIn, textOf, type NetlinkMessage } from "../../../src/adapters/netlink/reader.ts";
import type { MessageWriter } from "../../../src/adapters/netlink/writer.ts";
import { Nl } from "../../../src/adapters/linux/constants.ts";
import type { Volume } from "../../../src/model/rules/counting-plan.ts";
import { encodeBody } from "./encode.ts";
import type { SimulatedNamespace } from "./namespace.ts";
import type { Answer } from "./transport.ts";

// netfilter/nfnetlink.h, nf_tables.h
const subsystem = 10;
const message = {
  newTable: 0,
  getTable: 1,
  newRule: 6,
  getRule: 7,
  newElements: 12,
  getElements: 13,
  newObject: 18,
  getObject: 19,
};
const headerBytes = 4; // struct nfgenmsg

/** Answers a request of nftables like Linux, for the kinds that ipman sends. */
export function answerFilter(
  request: NetlinkMessage,
  { tables, countersError }: SimulatedNamespace,
): Answer {
  const attributes = attributesIn(request.body, headerBytes);
  const name = textOf(attributes.get(1));
  const table = tables.get(name);
  switch (request.type & 0xff) {
    case message.getTable:
      if ((request.flags & Nl.dump) === Nl.dump)
        return objects(
          message.newTable,
          [...tables].map(([each, { comment }]) => tableBody(each, comment)),
        );
      if (table === undefined) return { code: "ENOENT" };
      return objects(message.newTable, [tableBody(name, table.comment)]);
    case message.getRule:
      return objects(
        message.newRule,
        [...(table?.chains ?? [])].flatMap(([chain, rules]) =>
          rules.map(({ handle, text }) => ruleBody(name, chain, handle, text)),
        ),
      );
    case message.getElements: {
      const elements = table?.sets.get(textOf(attributes.get(2)));
      if (elements === undefined) return { code: "ENOENT" };
      return objects(message.newElements, elements.length === 0 ? [] : [elementsBody(elements)]);
    }
    case message.getObject:
      if (countersError !== undefined) return { code: countersError };
      return objects(
        message.newObject,
        [...(table?.counters ?? [])].map(([counter, volume]) => counterBody(name, counter, volume)),
      );
    default:
      return { code: "EOPNOTSUPP" };
  }
}

function objects(type: number, bodies: readonly Buffer[]): Answer {
  return { type: (subsystem << 8) | type, bodies };
}

function tableBody(name: string, comment: string): Buffer {
  return encodeBody(headerBytes, (writer) => {
    writer.attributeText(1, name);
    const text = Buffer.from(`${comment}\0`);
    if (comment !== "") writer.attribute(6, Buffer.concat([Buffer.from([0, text.length]), text]));
  });
}

function ruleBody(table: string, chain: string, handle: number, text: string): Buffer {
  return encodeBody(headerBytes, (writer) =>
    writer
      .attributeText(1, table)
      .attributeText(2, chain)
      .attributeU32(3, handle)
      .attributeText(4, text),
  );
}

function counterBody(table: string, name: string, { packets, bytes }: Volume): Buffer {
  const big = (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigUInt64BE(value);
    return buffer;
  };
  return encodeBody(headerBytes, (writer) =>
    writer
      .attributeText(1, table)
      .attributeText(2, name)
      .attribute(3, Buffer.from([0, 0, 0, 1]))
      .nest(4 | Nl.nested, () => void writer.attribute(1, big(bytes)).attribute(2, big(packets))),
  );
}

function elementsBody(elements: readonly string[]): Buffer {
  return encodeBody(headerBytes, (writer: MessageWriter) => {
    writer.nest(3 | Nl.nested, () => {
      for (const element of elements)
        writer.nest(1 | Nl.nested, () => void writer.attributeText(1, element));
    });
  });
}
