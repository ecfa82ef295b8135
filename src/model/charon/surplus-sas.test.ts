import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childSa, ikeSa } from "../../../test/models/fixtures.ts";
import { surplusSas } from "./surplus-sas.ts";

const older = ikeSa({ uniqueId: "9" });
const newer = ikeSa({ uniqueId: "10" });

describe("an IKE SA of a connection", () => {
  it("is surplus if a newer one of the same peer has the same children", () => {
    assert.deepEqual(surplusSas([newer, older]), ["9"]);
    assert.deepEqual(surplusSas([older, newer, ikeSa({ uniqueId: "11" })]), ["10", "9"]);
  });

  it("is not surplus if it is the only one", () => {
    assert.deepEqual(surplusSas([newer]), []);
  });

  it("is not surplus if the newer one has not all of its children", () => {
    const other = childSa({ name: "child-3", uniqueId: "2" });
    const elsewhere = childSa({ remoteSelectors: ["10.7.0.0/24"] });
    for (const child of [other, elsewhere])
      assert.deepEqual(surplusSas([ikeSa({ children: [childSa(), child] }), newer]), []);
    const deleted = childSa({ state: "DELETED" });
    assert.deepEqual(surplusSas([older, ikeSa({ uniqueId: "10", children: [deleted] })]), []);
  });

  it("is not surplus without a child, since another program may need it", () => {
    assert.deepEqual(surplusSas([ikeSa({ children: [] }), newer]), []);
  });

  it("is not surplus if the newer one is of another peer", () => {
    assert.deepEqual(surplusSas([older, ikeSa({ uniqueId: "10", remoteId: "another" })]), []);
  });

  it("is not surplus while charon replaces one of them, or establishes the newer one", () => {
    for (const changes of [
      { state: "REKEYING" },
      { state: "CONNECTING" },
      { tasks: ["IKE_REKEY"] },
      { tasks: ["IKE_REAUTH_COMPLETE"] },
      { tasks: ["IKE_MOBIKE"] },
    ])
      assert.deepEqual(surplusSas([older, ikeSa({ uniqueId: "10", ...changes })]), []);
  });
});
