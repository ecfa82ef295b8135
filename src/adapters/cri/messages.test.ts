import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeSandboxes, decodeStatus, encodeFilter, encodeStatusRequest } from "./messages.ts";

const bytes = (hex: string) => Buffer.from(hex.replace(/\s/g, ""), "hex");

// Written by hand from api.proto; containerd 2.4 accepts and sends the same bytes.
const golden = {
  // filter { state {} label_selector { key "uid" value "x" } }
  filter: bytes("0a 0c  12 00  1a 08  0a 03 756964  12 01 78"),
  // pod_sandbox_id "ab" verbose true
  status: bytes("0a 02 6162  10 01"),
  // items { id "s1" metadata {…} state 0 } items { id "s2" }
  sandboxes: bytes("0a 0a  0a 02 7331  12 02 0801  18 00  0a 04 0a 02 7332"),
  // status { id "s1" } info { key "info" value "{}" }
  answer: bytes("0a 04 0a 02 7331  12 0a  0a 04 696e666f  12 02 7b7d"),
};

describe("messages of the container runtime", () => {
  it("are encoded as protocol buffers", () => {
    assert.deepEqual(encodeFilter({ uid: "x" }), golden.filter);
    assert.deepEqual(encodeStatusRequest("ab"), golden.status);
  });

  it("are decoded, and unknown fields are skipped", () => {
    assert.deepEqual(decodeSandboxes(golden.sandboxes), ["s1", "s2"]);
    assert.equal(decodeStatus(golden.answer), "{}");
    assert.equal(decodeStatus(Buffer.alloc(0)), undefined);
  });

  it("have lengths of more than one byte", () => {
    const id = "x".repeat(300);
    assert.equal(encodeStatusRequest(id).subarray(1, 3).toString("hex"), "ac02");
    assert.deepEqual(decodeSandboxes(encodeFilter({ [id]: "" })).length, 0);
  });

  it("are refused if they are cut short, at any offset", () => {
    for (let end = 1; end < golden.answer.length; end++) {
      const cut = golden.answer.subarray(0, end);
      try {
        assert.notEqual(decodeStatus(cut), "{}");
      } catch (error) {
        assert.ok(error instanceof RangeError);
      }
    }
  });
});
