import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { IkeSyntaxError } from "../codec/byte-reader.ts";
import { goldenMessage, goldenPayloads } from "../codec/golden.fixture.ts";
import { encodeMessage } from "../codec/message.ts";
import { firstKeys, rekeyedKeys } from "./ike-keys.ts";
import { KeyExchange } from "./key-exchange.ts";
import { seal, unseal } from "./sealed-message.ts";

const hex = (...lines: readonly string[]) => Buffer.from(lines.join(""), "hex");

describe("a key exchange on P-256", () => {
  // RFC 5903, section 8.1
  const initiator = new KeyExchange(
    hex("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433"),
  );
  const responder = new KeyExchange(
    hex("c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53"),
  );
  const shared = "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";

  it("has the public values and the secret of RFC 5903", () => {
    assert.equal(
      initiator.publicValue.toString("hex"),
      "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180" +
        "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
    );
    assert.equal(initiator.shared(responder.publicValue).toString("hex"), shared);
    assert.equal(responder.shared(initiator.publicValue).toString("hex"), shared);
  });

  it("rejects a value that is not a point of the curve", () => {
    for (const value of [Buffer.alloc(64, 1), Buffer.alloc(0), Buffer.alloc(63)])
      assert.throws(() => initiator.shared(value), IkeSyntaxError);
  });
});

describe("the keys of an IKE SA", () => {
  const both = {
    initiator: { spi: "1122334455667788", nonce: Buffer.alloc(32, 1) },
    responder: { spi: "8877665544332211", nonce: Buffer.alloc(32, 2) },
  };
  const shared = Buffer.alloc(32, 3);
  const keys = firstKeys(shared, both);
  const message = {
    header: { ...goldenMessage.message.header, exchange: 35 },
    payloads: goldenPayloads.payloads,
  };

  it("are seven different ones, and others after a rekey", () => {
    const all = [keys, rekeyedKeys(keys, shared, both)].flatMap((some) => [
      some.derivation,
      ...Object.values(some.initiator),
      ...Object.values(some.responder),
    ]);
    assert.equal(new Set(all.map((key: Buffer) => key.toString("hex"))).size, 14);
    assert.ok(all.every(({ length }) => length === 32));
  });

  it("open what they seal, for every size of the last block", () => {
    for (let size = 0; size < 33; size++) {
      const payloads = [{ kind: "nonce" as const, data: Buffer.alloc(size, 7) }];
      const { header } = message;
      assert.deepEqual(unseal(seal({ header, payloads }, keys.initiator), keys.initiator), {
        header,
        payloads,
      });
    }
    const empty = { header: message.header, payloads: [] };
    assert.deepEqual(unseal(seal(empty, keys.responder), keys.responder), empty);
  });

  it("reject a message that was changed, cut short, or sealed with other keys", () => {
    const sealed = seal(message, keys.initiator);
    assert.deepEqual(unseal(sealed, keys.initiator), message);
    assert.throws(() => unseal(sealed, keys.responder), IkeSyntaxError);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.throws(() => unseal(changed, keys.initiator), IkeSyntaxError, `byte ${at}`);
      const cut = Buffer.from(sealed.subarray(0, at));
      if (at >= 28) cut.writeUInt32BE(at, 24);
      assert.throws(() => unseal(cut, keys.initiator), IkeSyntaxError, `${at} bytes`);
    }
    assert.throws(() => unseal(encodeMessage(message), keys.initiator), IkeSyntaxError);
  });
});
