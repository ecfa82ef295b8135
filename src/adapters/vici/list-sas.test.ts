import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Message } from "vici-client";
import { ikeSasIn } from "./list-sas.ts";

/** A CHILD SA as charon 5.9.8 lists it, without the members that are not read. */
const child: Message = {
  name: "lan",
  uniqueid: "7",
  state: "INSTALLED",
  encap: "yes",
  "if-id-in": "00000066",
  "if-id-out": "00000066",
  "encr-alg": "AES_CBC",
  "encr-keysize": "256",
  "integ-alg": "HMAC_SHA2_256_128",
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
  "local-ts": ["10.0.2.0/24"],
  "remote-ts": ["FD00:0:0:1::/64", "10.0.1.7", "10.0.3.0/24[tcp/443]"],
};
const ike: Message = {
  uniqueid: "4",
  version: "2",
  state: "ESTABLISHED",
  initiator: "yes",
  "local-host": "192.0.2.1",
  "local-id": "us",
  "remote-host": "192.0.2.2",
  "nat-remote": "yes",
  "encr-keysize": "256",
  "dh-group": "CURVE_25519",
  ake1: "ML_KEM_768",
  established: "460",
  "rekey-time": "13000",
  "tasks-active": ["CHILD_CREATE"],
  "tasks-passive": ["IKE_MOBIKE"],
  "child-sas": { "lan-7": child },
};

const childSa = {
  name: "lan",
  uniqueId: "7",
  state: "INSTALLED",
  ifId: 102,
  encryption: "AES_CBC",
  integrity: "HMAC_SHA2_256_128",
  keyExchange: undefined,
  encapsulated: true,
  remoteHost: "192.0.2.2",
  localSelectors: ["10.0.2.0/24"],
  remoteSelectors: ["fd00:0:0:1::/64", "10.0.1.7/32", "10.0.3.0/24[tcp/443]"],
};
const ikeSa = {
  connection: "partner",
  uniqueId: "4",
  state: "ESTABLISHED",
  localId: "us",
  remoteId: undefined,
  localHost: "192.0.2.1",
  remoteHost: "192.0.2.2",
  keyExchange: "CURVE_25519/ML_KEM_768",
  tasks: ["CHILD_CREATE", "IKE_MOBIKE"],
  children: [childSa],
};

describe("the SAs in a message", () => {
  const measured = { statistics: true } as const;

  it("have canonical selectors, and statistics only if these are requested", () => {
    assert.deepEqual(ikeSasIn({ partner: ike }), [ikeSa]);
  });

  it("have statistics as numbers, which are 0 if charon leaves them out", () => {
    const statistics = {
      version: 2,
      initiator: true,
      natRemote: true,
      natFake: false,
      encryptionKeysize: 256,
      integrityKeysize: 0,
      age: 460,
      rekeyIn: 13_000,
      reauthIn: 0,
    };
    const childStatistics = {
      spiIn: "c1a2b3c4",
      spiOut: "cafe0123",
      counted: true,
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
    };
    const children = [{ ...childSa, statistics: childStatistics }];
    assert.deepEqual(ikeSasIn({ partner: ike }, measured), [{ ...ikeSa, children, statistics }]);
  });

  it("are both the old and the new SA in the event of a rekeying", () => {
    const rekeyed = {
      lan: { old: { ...child, state: "REKEYED" }, new: { ...child, uniqueid: "8" } },
    };
    const [found] = ikeSasIn({ partner: { ...ike, "child-sas": rekeyed } }, measured);
    assert.deepEqual(
      found?.children.map(({ uniqueId, state }) => [uniqueId, state]),
      [
        ["7", "REKEYED"],
        ["8", "INSTALLED"],
      ],
    );
  });

  it("are marked if charon reports no traffic for them", () => {
    const { "bytes-in": _, ...deleted } = child;
    const message = { partner: { ...ike, "child-sas": { a: deleted } } };
    assert.equal(ikeSasIn(message, measured)[0]?.children[0]?.statistics?.counted, false);
  });

  const malformed: readonly (readonly [what: string, message: Message, sas: number])[] = [
    ["a text", { up: "yes" }, 0],
    ["a list", { partner: ["x"] }, 0],
    ["bytes", { partner: Buffer.from("x") }, 0],
    ["a section without a unique id", { partner: { state: "ESTABLISHED" } }, 0],
    ["an IKE SA whose children are a text", { partner: { ...ike, "child-sas": "x" } }, 1],
    ["an IKE SA with a child that is a list", { partner: { ...ike, "child-sas": { a: [] } } }, 1],
    ["an IKE SA whose members are sections", { partner: { uniqueid: {}, state: {} } }, 1],
  ];
  for (const [what, message, count] of malformed) {
    it(`are ${count} if a member is ${what}`, () => {
      const sas = ikeSasIn(message, measured);
      assert.equal(sas.length, count);
      assert.ok(
        sas.every(({ uniqueId, children }) => uniqueId.length < 2 && children.length === 0),
      );
    });
  }

  it("have empty and zero members if a child is malformed", () => {
    const entry = { name: ["x"], "if-id-out": "x", "local-ts": "x", "bytes-in": ["1", "2"] };
    const [found] = ikeSasIn({ partner: { ...ike, "child-sas": { a: entry } } }, measured);
    const sa = found?.children[0];
    assert.deepEqual([sa?.name, sa?.uniqueId, sa?.ifId], ["", "", NaN]);
    assert.deepEqual(sa?.localSelectors, []);
    assert.equal(sa?.statistics?.bytesIn, 0);
  });
});
