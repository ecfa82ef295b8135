import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { figuresFromMessage, loadedFromMessage } from "./sa-figures.ts";

/** As charon 5.9.8 writes them, but for what nobody reads. */
const child = {
  name: "lan",
  uniqueid: "7",
  state: "INSTALLED",
  encap: "yes",
  "encr-keysize": "256",
  "integ-keysize": "128",
  "spi-in": "c1a2b3c4",
  "spi-out": "cafe0123",
  "bytes-in": "1234",
  "packets-in": "12",
  "use-in": "3",
  "bytes-out": "2345",
  "packets-out": "23",
  "rekey-time": "2871",
  "life-time": "3501",
  "install-time": "459",
};
const ike = {
  uniqueid: "4",
  version: "2",
  state: "ESTABLISHED",
  initiator: "yes",
  "nat-remote": "yes",
  "encr-keysize": "256",
  established: "460",
  "rekey-time": "13000",
  "child-sas": { "lan-7": child },
};

describe("the figures of SAs", () => {
  it("are numbers, and nothing where charon has none", () => {
    const [found] = figuresFromMessage({ partner: ike });
    assert.deepEqual(found, {
      connection: "partner",
      uniqueId: "4",
      state: "ESTABLISHED",
      version: 2,
      initiator: true,
      natRemote: true,
      natFake: false,
      encryptionKeysize: 256,
      integrityKeysize: 0,
      age: 460,
      rekeyIn: 13_000,
      reauthIn: 0,
      children: [
        {
          name: "lan",
          uniqueId: "7",
          state: "INSTALLED",
          encapsulated: true,
          counted: true,
          spiIn: "c1a2b3c4",
          spiOut: "cafe0123",
          encryptionKeysize: 256,
          integrityKeysize: 128,
          bytesIn: 1_234,
          packetsIn: 12,
          idleIn: 3,
          bytesOut: 2_345,
          packetsOut: 23,
          idleOut: 0,
          age: 459,
          rekeyIn: 2_871,
          lifeLeft: 3_501,
        },
      ],
    });
  });

  it("are of both SAs in the event of a rekey", () => {
    const rekeyed = {
      lan: { old: { ...child, state: "REKEYED" }, new: { ...child, uniqueid: "8" } },
    };
    const [found] = figuresFromMessage({ partner: { ...ike, "child-sas": rekeyed } });
    assert.deepEqual(
      found?.children.map(({ uniqueId, state }) => [uniqueId, state]),
      [
        ["7", "REKEYED"],
        ["8", "INSTALLED"],
      ],
    );
  });

  it("say where an SA tells nothing of what it carried, and pass over what is no SA", () => {
    const { "bytes-in": _, ...deleted } = child;
    const message = { up: "yes", list: ["x"], partner: { ...ike, "child-sas": { a: deleted } } };
    const [found, ...more] = figuresFromMessage(message);
    assert.equal(found?.children[0]?.counted, false);
    assert.deepEqual(more, []);
  });

  it("are beside what charon has loaded", () => {
    const message = { partner: { version: "IKEv2", children: { lan: {}, wan: {} } }, bare: {} };
    assert.deepEqual(loadedFromMessage(message), [
      ["partner", ["lan", "wan"]],
      ["bare", []],
    ]);
  });
});
