import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { messagesIn, type NetlinkMessage } from "../netlink/reader.ts";
import { MessageWriter } from "../netlink/writer.ts";
import { readCounters } from "./read-counters.ts";

/** An object as Linux 6.18 lists it: `counter service/shop/web/inbound { packets 5 bytes 300 }` of `ipman`. */
const listed = [
  "01000002", // NFPROTO_INET, the version, the generation
  "0a000100 69706d616e000000", // NFTA_OBJ_TABLE
  "1d000200 736572766963652f73686f702f7765622f696e626f756e6400 000000", // NFTA_OBJ_NAME
  "08000300 00000001", // NFTA_OBJ_TYPE
  "0c000600 0000000000000002", // NFTA_OBJ_HANDLE
  "08000500 00000001", // NFTA_OBJ_USE
  "1c000400", // NFTA_OBJ_DATA
  "0c000100 000000000000012c", // NFTA_COUNTER_BYTES
  "0c000200 0000000000000005", // NFTA_COUNTER_PACKETS
];

const messageOf = (body: Buffer): NetlinkMessage => ({ type: 0xa12, flags: 2, sequence: 1, body });
const bodyOf = (lines: readonly string[]) => Buffer.from(lines.join("").replaceAll(" ", ""), "hex");

function counters(table: string, ...bodies: readonly Buffer[]) {
  const requests: Buffer[] = [];
  const writer = new MessageWriter();
  const dump = (_: string, write: (writer: MessageWriter) => void) => {
    write(writer);
    writer.end(1);
    requests.push(...[...messagesIn(Buffer.from(writer.bytes()))].map(({ body }) => body));
    return bodies.map(messageOf);
  };
  return { volumes: readCounters({ dump }, { table }), requests };
}

describe("the named counters of a table", () => {
  it("are requested by the table and the type of the object, once", () => {
    const { requests } = counters("ipman");
    assert.deepEqual(
      requests.map((body) => body.toString("hex")),
      ["010000000a00010069706d616e0000000800030000000001"],
    );
  });

  it("have their names, packets and bytes", () => {
    const { volumes } = counters("ipman", bodyOf(listed));
    assert.deepEqual([...volumes], [["service/shop/web/inbound", { packets: 5n, bytes: 300n }]]);
  });

  it("leave out those of other tables, and objects that are cut short", () => {
    assert.equal(counters("other", bodyOf(listed)).volumes.size, 0);
    const whole = bodyOf(listed);
    for (let length = 0; length < whole.length; length++)
      assert.equal(counters("ipman", whole.subarray(0, length)).volumes.size, 0);
  });
});
