import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  algorithmsMessage,
  simulatedAlgorithms,
} from "../../../test/simulator/charon/algorithms.ts";
import { algorithmsIn } from "./algorithms.ts";

describe("the algorithms of charon", () => {
  it("are read with its version, whose key exchanges have another name since 6.0", () => {
    for (const version of ["5.9.8", "6.1.0"] as const) {
      const reply = algorithmsMessage(version);
      assert.deepEqual(algorithmsIn(`${version}-rc1`, reply), simulatedAlgorithms(version));
    }
  });

  it("are not known without a version, and do not include other sections", () => {
    assert.equal(algorithmsIn("unknown", {}), undefined);
    const reply = { ke: { ECP_256: "openssl" }, hasher: { HASH_SHA1: "sha1" }, prf: "none" };
    assert.deepEqual(algorithmsIn("6.1.0", reply)?.names, new Set(["ECP_256"]));
  });
});
