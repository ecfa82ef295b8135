import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Message } from "vici-client";
import { isOrphaned, type KernelState } from "../../model/charon/held-sas.ts";
import { heldSasIn } from "./held-sas.ts";

const child = (changes: Message = {}) => ({
  name: "net",
  uniqueid: "1",
  reqid: "1",
  state: "INSTALLED",
  protocol: "ESP",
  "spi-in": "c0000001",
  "spi-out": "d0000001",
  "if-id-in": "00000066",
  "if-id-out": "00000066",
  ...changes,
});
const list = (...children: Message[]): Message[] => [
  {
    one: {
      uniqueid: "1",
      state: "ESTABLISHED",
      "child-sas": Object.fromEntries(children.entries()),
    },
  },
];
const sa = (spi: number, changes: Partial<KernelState> = {}): KernelState => ({
  kind: "sa",
  ifId: 102,
  reqid: 1,
  spi,
  id: String(spi),
  ...changes,
});
const policy = (changes: Partial<KernelState> = {}): KernelState => ({
  kind: "policy",
  ifId: 102,
  reqid: 1,
  spi: 0,
  id: "p",
  ...changes,
});
const untrapped = new Set<number>();

describe("an SA in the kernel", () => {
  it("belongs to charon by its SPI alone, in both directions and in every state of the CHILD SA", () => {
    for (const state of ["INSTALLED", "REKEYING", "REKEYED", "DELETING", "DELETED"]) {
      const held = heldSasIn(list(child({ state })), []);
      assert.ok(!isOrphaned(sa(0xc0000001), held, untrapped));
      assert.ok(!isOrphaned(sa(0xd0000001), held, untrapped));
      assert.ok(isOrphaned(sa(0xc0000002), held, untrapped), "with every reqid and if_id");
    }
    assert.ok(isOrphaned(sa(0xc0000001), heldSasIn([], []), untrapped));
  });

  it("belongs to charon if charon lists no SPI of a CHILD SA with its reqid", () => {
    const { "spi-in": _in, "spi-out": _out, "if-id-in": _i, "if-id-out": _o, ...bare } = child();
    const held = heldSasIn(list({ ...bare, state: "UPDATING" }), []);
    assert.ok(!isOrphaned(sa(7), held, untrapped));
    assert.ok(!isOrphaned(policy(), held, untrapped));
    assert.ok(isOrphaned(sa(7, { reqid: 2 }), held, untrapped));
  });

  it("belongs to charon by the CPI of an IPComp CHILD SA", () => {
    const held = heldSasIn(list(child({ "cpi-in": "c0de", "cpi-out": "beef" })), []);
    assert.ok(!isOrphaned(sa(0xc0de), held, untrapped));
    assert.ok(!isOrphaned(sa(0xbeef), held, untrapped));
  });
});

describe("a policy in the kernel", () => {
  it("belongs to charon by the if_id and the reqid of a CHILD SA", () => {
    const held = heldSasIn(list(child({ state: "DELETING" })), []);
    assert.ok(!isOrphaned(policy(), held, untrapped));
    assert.ok(
      isOrphaned(policy({ reqid: 2 }), held, untrapped),
      "it belonged to an earlier charon",
    );
    assert.ok(
      isOrphaned(policy({ ifId: 103 }), held, untrapped),
      "it belonged to an earlier charon",
    );
  });

  it("belongs to charon if a trap has its if_id, unlike an SA", () => {
    const held = heldSasIn([], [{ "one/net": { ike: "one", child: "net" } }]);
    assert.deepEqual(held.traps, [{ connection: "one", child: "net" }]);
    assert.ok(!isOrphaned(policy({ reqid: 9 }), held, new Set([102])));
    assert.ok(isOrphaned(policy({ reqid: 9 }), held, new Set([103])));
    assert.ok(isOrphaned(sa(7), held, new Set([102])));
  });
});
