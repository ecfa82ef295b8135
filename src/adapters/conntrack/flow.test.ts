import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatAddress, parseAddress, type Address } from "../../model/net/address.ts";
import { MessageWriter } from "../netlink/writer.ts";
import { goldenFlow } from "./flow.fixture.ts";
import { deleteFlow, flowIn, writeFlowsTo, type Flow } from "./flow.ts";
import { usageIn } from "./usage.ts";

const sent = (write: (writer: MessageWriter) => void) => {
  const writer = new MessageWriter();
  write(writer);
  writer.end(7);
  return writer.bytes().toString("hex");
};
const address = parseAddress("10.0.2.60") as Address;

describe("messages about tracked connections", () => {
  it("list the flows to a place", () => {
    const bytes = sent((writer) => writeFlowsTo(writer, { address, port: 53 }));
    assert.equal(bytes, goldenFlow.list.toString("hex"));
  });

  it("have the kernel compare the port alone for IPv6", () => {
    const six = parseAddress("fd10::60") as Address;
    const bytes = sent((writer) => writeFlowsTo(writer, { address: six, port: 53 }));
    assert.match(bytes, /0800010028000000$/);
  });

  it("have the ends of a flow, and delete that one alone", () => {
    const flow = flowIn(goldenFlow.entry) as Flow;
    const ends = [flow.to, flow.backend].map((end) => `${formatAddress(end.address)} ${end.port}`);
    assert.deepEqual(ends, ["10.0.2.60 53", "10.244.0.6 5353"]);
    assert.equal(formatAddress(flow.source), "10.0.1.7");
    assert.equal(sent(deleteFlow(flow).write), goldenFlow.remove.toString("hex"));
  });

  it("have the number of connections and its limit", () => {
    assert.deepEqual(usageIn(goldenFlow.statistics), { connections: 258, limit: 262_144 });
  });

  it("are left out if they are cut short", () => {
    for (const [bytes, read] of [
      [goldenFlow.entry, flowIn],
      [goldenFlow.statistics, usageIn],
    ] as const)
      for (let end = 0; end < bytes.length; end++)
        assert.equal(read(bytes.subarray(0, end)), undefined);
  });

  it("are left out if they are about TCP", () => {
    const bytes = Buffer.from(goldenFlow.entry);
    bytes[bytes.indexOf(17)] = 6;
    assert.equal(flowIn(bytes), undefined);
  });

  it("cause no exception, whatever they contain", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        flowIn(Buffer.from(bytes));
        usageIn(Buffer.from(bytes));
      }),
    );
  });
});
