import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress, type Address } from "../net/address.ts";
import { macBytes } from "../net/mac.ts";
import { sendingMac, sendingPrefix } from "./sending-mac.ts";

const common = "76:0c:60:d5:c8:e2";
const address = (text: string) => parseAddress(text) as Address;

describe("the MAC address by which a gateway sends", () => {
  const macs = ["10.244.0.1", "10.244.1.1", "10.245.0.1", "fd44::1"].map((text) =>
    sendingMac(common, address(text)),
  );

  it("is its own, locally administered, and not the common one", () => {
    assert.equal(new Set([...macs, common]).size, macs.length + 1);
    for (const mac of macs) assert.match(mac, /^.[26ae](:[0-9a-f]{2}){5}$/);
  });

  it("begins like those of the other gateways, and never like the common one", () => {
    const prefix = Buffer.from(sendingPrefix(common));
    for (const mac of macs) assert.ok(prefix.equals(macBytes(mac).subarray(0, 4)));
    for (const each of [common, "02:00:00:00:00:00", "02:00:00:ff:ff:ff"])
      assert.notDeepEqual(sendingPrefix(each), macBytes(each).slice(0, 4));
  });

  it("is the same each time that it is derived", () => {
    assert.equal(sendingMac(common, address("10.244.0.1")), macs[0]);
  });
});
