import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress, type Address } from "../../model/net/address.ts";
import { macBytes } from "../../model/net/mac.ts";
import { claimFrames } from "./claim-frames.ts";

const mac = macBytes("02:00:00:00:00:07");
const frames = (address: string) =>
  claimFrames(parseAddress(address) as Address, mac).map((frame) => frame.toString("hex"));

describe("the claim of an address", () => {
  it("is a gratuitous ARP request and a reply", () => {
    const head = "ffffffffffff0200000000070806";
    const sender = "020000000007cb007105";
    assert.deepEqual(frames("203.0.113.5"), [
      `${head}0001080006040001${sender}000000000000cb007105`,
      `${head}0001080006040002${sender}020000000007cb007105`,
    ]);
  });

  it("is an unsolicited neighbour advertisement that overrides", () => {
    const address = "20010db8000000000000000000000005";
    const toAll = "ff020000000000000000000000000001";
    assert.deepEqual(frames("2001:db8::5"), [
      ["333300000001", "020000000007", "86dd"].join("") +
        `6000000000203aff${address}${toAll}` +
        `8800f91c20000000${address}0201020000000007`,
    ]);
  });
});
