import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePrefix, type Prefix } from "../net/prefix.ts";
import { gatewayMac, workerSecrets } from "./segment.ts";
import { SegmentKey } from "./segment-key.ts";

const key = new SegmentKey(Buffer.alloc(32, 1));
const connection = { id: "partner" };
const child = { key: "lan", ifId: 102 };
const place = { address: parsePrefix("10.0.2.3/24") as Prefix, reservation: "r1" };
const secrets = workerSecrets(key, connection, child, place);

describe("a worker's secrets", () => {
  it("are its own MAC address, the gateway's, and eight seeds", () => {
    for (const mac of [secrets.mac, secrets.gatewayMac])
      // Locally administered, unicast.
      assert.match(mac, /^.[26ae](:[0-9a-f]{2}){5}$/);
    assert.equal(secrets.gatewayMac, gatewayMac(key, connection, child));
    assert.equal(new Set(secrets.seeds).size, 8);
  });

  it("are the same wherever they are derived, and the same object for the same worker", () => {
    assert.deepEqual(workerSecrets(key, connection, child, { ...place }), secrets);
    assert.equal(workerSecrets(key, { ...connection }, { ...child }, place), secrets);
  });

  const elsewhere = { ...place, address: parsePrefix("10.0.2.4/24") as Prefix };
  const other = new SegmentKey(Buffer.alloc(32, 2));
  for (const [part, derive] of [
    ["key", () => workerSecrets(other, connection, child, place)],
    ["connection", () => workerSecrets(key, { id: "other" }, child, place)],
    ["child", () => workerSecrets(key, connection, { key: "wan", ifId: 102 }, place)],
    ["if_id", () => workerSecrets(key, connection, { key: "lan", ifId: 103 }, place)],
    ["reservation", () => workerSecrets(key, connection, child, { ...place, reservation: "r2" })],
    ["address", () => workerSecrets(key, connection, child, elsewhere)],
  ] as const) {
    it(`differ for another ${part}`, () => {
      const others = derive();
      assert.notEqual(others.mac, secrets.mac);
      assert.notDeepEqual(others.seeds, secrets.seeds);
    });
  }
});
