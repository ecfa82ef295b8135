import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { messagesIn, type NetlinkMessage } from "../netlink/reader.ts";
import { MessageWriter } from "../netlink/writer.ts";
import { readTable } from "./read-table.ts";

const nested = 0x8000;

/** A message with elements of a set, as in a dump of the kernel. */
function dumped(...elements: readonly number[]): NetlinkMessage {
  const writer = new MessageWriter();
  writer.begin(0, 0, 4);
  writer.nest(3 | nested, () => {
    for (const value of elements) writer.nest(1 | nested, () => void writer.attributeU32(1, value));
  });
  writer.end(1);
  return [...messagesIn(Buffer.from(writer.bytes()))][0] as NetlinkMessage;
}

function fingerprint(...messages: readonly NetlinkMessage[]): string {
  const socket = {
    query: () => dumped(),
    dump: (op: string) => (op === "list elements" ? [...messages] : []),
  };
  return readTable(socket, { table: "ipman", sets: ["workers"] }).fingerprint;
}

describe("a table's fingerprint", () => {
  it("does not depend on the order or the messages in which elements are dumped", () => {
    const first = fingerprint(dumped(1, 2, 3));
    assert.equal(fingerprint(dumped(3, 1, 2)), first);
    assert.equal(fingerprint(dumped(2), dumped(3, 1)), first);
  });

  it("changes with each element", () => {
    const all = [[1, 2, 3], [1, 2], [1, 2, 4], []].map((each) => fingerprint(dumped(...each)));
    assert.equal(new Set(all).size, all.length);
  });
});
