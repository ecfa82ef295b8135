import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeMessage } from "../codec/message.ts";
import { Exchange, Notify, Protocol, Transform, TransformType } from "../codec/numbers.ts";
import { payloadOf, type Payload } from "../codec/payload.ts";
import { KeyExchange } from "../keys/key-exchange.ts";
import { randomHabits, type Habits } from "./habits.ts";
import type { PeerIdentity } from "./identity.ts";
import { beginOpening } from "./opening.ts";
import { childRequest, OtherSide, spiOf } from "./other-side.fixture.ts";
import type { Purpose } from "./purpose.ts";
import { SimulatedPeer } from "./simulated-peer.ts";
import { espSuite, ikeSuite } from "./suite.ts";

const two = ["10.1.2.0/24", "10.7.0.0/24"];
const pfs = [
  ...espSuite,
  { type: TransformType.keyExchange, id: Transform.ecp256, keyBits: undefined },
];
const nonce: Payload = { kind: "nonce", data: Buffer.alloc(32, 1) };
const keyExchange = (): Payload => ({
  kind: "keyExchange",
  group: Transform.ecp256,
  data: new KeyExchange().publicValue,
});

/** The names of the notifies in a message. */
function notifiesIn(payloads: readonly Payload[] = []): string[] {
  return payloads.flatMap((payload) =>
    payload.kind === "notify"
      ? Object.entries(Notify)
          .filter(([, type]) => type === payload.type)
          .map(([name]) => name)
      : [],
  );
}

function networksIn(payloads: readonly Payload[] = []): string[] {
  return (payloadOf(payloads, "tsResponder")?.selectors ?? []).map(({ first }) => first);
}

/** Two sides with a CHILD SA. */
function established(habits: Habits = {}, identity?: PeerIdentity) {
  const side = new OtherSide(habits, identity);
  side.open();
  const answer = side.authenticate(two) ?? [];
  return { side, answer };
}

const create = (side: OtherSide, ...payloads: readonly Payload[]) =>
  side.ask(Exchange.CREATE_CHILD_SA, [...payloads, nonce]);

describe("a simulated peer", () => {
  it("authenticates both sides and agrees to a CHILD SA with all networks", () => {
    const { side, answer } = established();
    assert.ok(side.authenticates(answer));
    assert.deepEqual(networksIn(answer), ["10.1.2.0", "10.7.0.0"]);
    assert.equal(payloadOf(answer, "sa")?.proposals[0]?.transforms.length, espSuite.length);
    assert.deepEqual(
      side.events.map(({ event }) => event),
      ["request", "request", "ikeSa.up", "child.up"],
    );
  });

  it("refuses another key, and forgets the IKE SA", () => {
    const side = new OtherSide({});
    side.open();
    assert.deepEqual(notifiesIn(side.authenticate(two, "another key")), ["AUTHENTICATION_FAILED"]);
    assert.equal(side.peer.ikeSas, 0);
  });

  it("answers a repeated request with the same bytes, and counts it once", () => {
    const side = new OtherSide({});
    const { request } = beginOpening();
    assert.deepEqual(side.exchange(request), side.exchange(request));
    assert.equal(side.peer.ikeSas, 1);
    assert.equal(side.events.length, 1);
  });

  it("answers a repeated encrypted request with the same bytes, and acts on it once", () => {
    const { side } = established();
    const [first, ...more] = side.repeat();
    assert.ok(first !== undefined && more.length === 0);
    assert.deepEqual(side.repeat(), [first]);
    assert.equal(side.events.filter(({ event }) => event === "child.up").length, 1);
  });

  it("is silent on bytes that are not a message", () => {
    const { side } = established();
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(28), Buffer.alloc(64, 0x20)])
      side.exchange(bytes);
    assert.equal(side.events.filter(({ event }) => event === "malformed").length, 3);
  });

  it("creates and rekeys CHILD SAs, with a key exchange if one is proposed", () => {
    const { side } = established();
    const created = create(side, ...childRequest(2, two, pfs), keyExchange());
    assert.equal(payloadOf(created ?? [], "keyExchange")?.data.length, 64);
    const rekeyed = create(side, ...childRequest(3, two, espSuite, 1));
    assert.equal(payloadOf(rekeyed ?? [], "keyExchange"), undefined);
    assert.deepEqual(networksIn(rekeyed), ["10.1.2.0", "10.7.0.0"]);
    const unknown = create(side, ...childRequest(4, two, espSuite, 9));
    assert.deepEqual(notifiesIn(unknown), ["CHILD_SA_NOT_FOUND"]);
  });

  it("deletes the CHILD SAs that the other side deletes, and answers an empty request", () => {
    const { side } = established();
    const deletes: Payload = { kind: "delete", protocol: Protocol.esp, spis: [spiOf(1)] };
    const answer = side.ask(Exchange.INFORMATIONAL, [deletes]) ?? [];
    assert.equal(payloadOf(answer, "delete")?.spis.length, 1);
    assert.deepEqual(side.ask(Exchange.INFORMATIONAL, [deletes]), []);
    assert.deepEqual(side.ask(Exchange.INFORMATIONAL, []), []);
    const end: Payload = { kind: "delete", protocol: Protocol.ike, spis: [] };
    assert.deepEqual(side.ask(Exchange.INFORMATIONAL, [end]), []);
    assert.equal(side.peer.ikeSas, 0);
  });

  it("rekeys an IKE SA, whose successor keeps the CHILD SAs", () => {
    const { side } = established();
    const spi = Buffer.alloc(8, 5);
    const proposal = { number: 1, protocol: Protocol.ike, spi, transforms: ikeSuite };
    const answer = create(side, { kind: "sa", proposals: [proposal] }, keyExchange());
    assert.equal(payloadOf(answer ?? [], "sa")?.proposals[0]?.spi.length, 8);
    assert.equal(side.peer.ikeSas, 2);
    assert.ok(side.events.some(({ event }) => event === "ikeSa.rekeyed"));
  });

  it("initiates by itself when the other side does, if it is so inclined", () => {
    const psk = "the key";
    const link = { note: () => {}, after: () => {} };
    const other = { own: ["10.0.2.0/24"], other: ["10.1.2.0/24"] };
    const wanted = { own: other.other, other: other.own };
    const eager = { identity: { text: "a" }, psk, habits: {}, initiates: other };
    const a = new SimulatedPeer(eager, link);
    const b = new SimulatedPeer(
      { identity: { text: "b" }, psk, habits: {}, initiates: wanted },
      link,
    );
    const toA = (bytes: Buffer) => a.receive(bytes, toB);
    const toB = (bytes: Buffer) => b.receive(bytes, toA);
    a.receive(beginOpening().request, toB);
    // The one that is not completed, and two that were authenticated.
    assert.deepEqual([a.ikeSas, b.ikeSas], [3, 2]);
  });
});

describe("the habits of a simulated peer", () => {
  it("narrows to the first network", () => {
    assert.deepEqual(networksIn(established({ narrows: true }).answer), ["10.1.2.0"]);
  });

  it("requires a single pair of networks", () => {
    const { side, answer } = established({ singlePair: true });
    assert.ok(side.authenticates(answer), "the IKE SA is up");
    assert.deepEqual(notifiesIn(answer), ["SINGLE_PAIR_REQUIRED"]);
    assert.deepEqual(networksIn(create(side, ...childRequest(2, ["10.1.2.0/24"]))), ["10.1.2.0"]);
  });

  it("announces the lifetime of the authentication, and ends the IKE SA after it", () => {
    const { side, answer } = established({ authLifetime: 60 });
    assert.deepEqual(notifiesIn(answer), ["AUTH_LIFETIME"]);
    side.later();
    assert.equal(payloadOf(side.received[0]?.payloads ?? [], "delete")?.protocol, Protocol.ike);
    assert.equal(side.peer.ikeSas, 0);
  });

  for (const [ends, protocol] of [
    ["child", Protocol.esp],
    ["ikeSa", Protocol.ike],
  ] as const) {
    it(`ends the ${ends} as soon as it is up`, () => {
      const { side } = established({ ends });
      side.later();
      assert.equal(side.received.length, 1);
      assert.equal(payloadOf(side.received[0]?.payloads ?? [], "delete")?.protocol, protocol);
      assert.equal(side.peer.ikeSas, ends === "child" ? 1 : 0);
    });
  }

  it("has its identity in another type or letter case", () => {
    for (const [identity, type, text] of [
      [{ text: "PEER.site" }, 2, "PEER.site"],
      [{ text: "192.168.1.2", type: "fqdn" }, 2, "192.168.1.2"],
      [{ text: "192.168.1.2" }, 1, "\u{c0}\u{a8}\u{1}\u{2}"],
      [{ text: "a@peer.site" }, 3, "a@peer.site"],
    ] as const) {
      const { side, answer } = established({}, identity);
      const sent = payloadOf(answer, "idResponder");
      assert.ok(sent);
      assert.equal(sent.type, type);
      assert.equal(sent.data.toString("latin1"), text);
      assert.ok(side.authenticates(answer));
    }
  });

  it("refuses IKE_SA_INIT, also with groups to and fro", () => {
    const side = new OtherSide({ refuses: { ikeSa: "INVALID_KE_PAYLOAD" } });
    const { request } = beginOpening();
    const group = (datagram: Buffer) => {
      const [answer = Buffer.alloc(0)] = side.exchange(datagram);
      const { payloads } = decodeMessage(answer);
      assert.deepEqual(notifiesIn(payloads), ["INVALID_KE_PAYLOAD"]);
      return payloadOf(payloads, "notify")?.data.readUInt16BE();
    };
    assert.equal(group(request), Transform.modp2048);
    const retried = Buffer.from(request);
    // The group in KE, after the header and the SA.
    retried.writeUInt16BE(Transform.modp2048, 28 + retried.readUInt16BE(30) + 4);
    assert.equal(group(retried), Transform.ecp256);
    assert.equal(new OtherSide({ refuses: { ikeSa: "silence" } }).open(), undefined);
    const none = new OtherSide({ refuses: { ikeSa: "NO_PROPOSAL_CHOSEN" } }).open();
    assert.deepEqual(notifiesIn(none), ["NO_PROPOSAL_CHOSEN"]);
  });

  it("refuses what it is asked for after IKE_SA_INIT", () => {
    const silent = established({ refuses: { authentication: "silence" } });
    assert.deepEqual(silent.answer, []);
    const refused = established({ refuses: { authentication: "TEMPORARY_FAILURE" } });
    assert.deepEqual(notifiesIn(refused.answer), ["TEMPORARY_FAILURE"]);
    const { side, answer } = established({
      refuses: {
        firstChild: "TS_UNACCEPTABLE",
        newChild: "INVALID_KE_PAYLOAD",
        ikeRekey: "NO_ADDITIONAL_SAS",
      },
    });
    assert.deepEqual(notifiesIn(answer), ["TS_UNACCEPTABLE"]);
    const created = create(side, ...childRequest(2, two, pfs), keyExchange());
    assert.deepEqual(notifiesIn(created), ["INVALID_KE_PAYLOAD"]);
    const proposal = {
      number: 1,
      protocol: Protocol.ike,
      spi: Buffer.alloc(8),
      transforms: ikeSuite,
    };
    const rekeyed = create(side, { kind: "sa", proposals: [proposal] }, keyExchange());
    assert.deepEqual(notifiesIn(rekeyed), ["NO_ADDITIONAL_SAS"]);
  });

  it("refuses the rekey of a CHILD SA that it agreed to", () => {
    const { side } = established({ refuses: { childRekey: "NO_PROPOSAL_CHOSEN" } });
    const rekeyed = create(side, ...childRequest(2, two, espSuite, 1));
    assert.deepEqual(notifiesIn(rekeyed), ["NO_PROPOSAL_CHOSEN"]);
  });

  it("are the same ones for the same seed, and include each refusal", () => {
    const drawn = (seed: number, purpose: Purpose) => {
      const habits = randomHabits(seed);
      return Array.from({ length: 200 }, () => habits(purpose));
    };
    assert.deepEqual(drawn(1, "newChild"), drawn(1, "newChild"));
    assert.notDeepEqual(drawn(1, "newChild"), drawn(2, "newChild"));
    const refused = new Set(drawn(1, "newChild").map(({ refuses }) => refuses?.newChild));
    for (const name of ["NO_PROPOSAL_CHOSEN", "TEMPORARY_FAILURE", "silence", undefined] as const)
      assert.ok(refused.has(name), name);
  });
});
