import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childSa, ikeSa } from "../../../test/models/fixtures.ts";
import { isCrowded, surplusSas } from "./surplus-sas.ts";

const withChild = (uniqueId: string, child: string) =>
  ikeSa({ uniqueId, children: [childSa({ uniqueId: child })] });

const older = withChild("9", "1");
const newer = withChild("10", "2");
const { children } = newer;
const none = { ikeSas: [], childSas: [] };

describe("an IKE SA of a connection", () => {
  it("is surplus if a newer one of the same peer has the same children", () => {
    assert.deepEqual(surplusSas([newer, older]), { ikeSas: ["9"], childSas: [] });
    const third = withChild("11", "3");
    assert.deepEqual(surplusSas([older, newer, third]), { ikeSas: ["10", "9"], childSas: [] });
  });

  it("is surplus if the other one began earlier and has the newer child", () => {
    const crossed = [withChild("9", "12"), withChild("10", "11")];
    assert.deepEqual(surplusSas(crossed), { ikeSas: ["10"], childSas: [] });
  });

  it("is not surplus if it is the only one", () => {
    assert.deepEqual(surplusSas([newer]), none);
  });

  it("is not surplus if the newer one has not all of its children", () => {
    const other = childSa({ name: "child-3", uniqueId: "0" });
    const elsewhere = childSa({ uniqueId: "0", remoteSelectors: ["10.7.0.0/24"] });
    for (const child of [other, elsewhere])
      assert.deepEqual(surplusSas([ikeSa({ children: [childSa(), child] }), newer]), none);
    const deleted = childSa({ uniqueId: "2", state: "DELETED" });
    assert.deepEqual(surplusSas([older, ikeSa({ uniqueId: "10", children: [deleted] })]), none);
  });

  it("is not surplus without a child, since another program may need it", () => {
    assert.deepEqual(surplusSas([ikeSa({ children: [] }), newer]), none);
  });

  it("is not surplus if the newer one is of another peer", () => {
    const another = ikeSa({ uniqueId: "10", remoteId: "another", children });
    assert.deepEqual(surplusSas([older, another]), none);
  });

  it("is not surplus while charon replaces one of them, or establishes the newer one", () => {
    for (const changes of [
      { state: "REKEYING" },
      { state: "CONNECTING" },
      { tasks: ["IKE_REKEY"] },
      { tasks: ["IKE_REAUTH_COMPLETE"] },
      { tasks: ["IKE_MOBIKE"] },
    ])
      assert.deepEqual(surplusSas([older, { ...newer, ...changes }]), none);
  });

  it("is surplus while charon replaces another one", () => {
    const third = withChild("11", "3");
    for (const changes of [{ state: "REKEYING" }, { tasks: ["IKE_REAUTH_COMPLETE"] }]) {
      const sas = [older, newer, { ...third, ...changes }];
      assert.deepEqual(surplusSas(sas), { ikeSas: ["9"], childSas: [] });
    }
  });
});

describe("IKE SAs of a connection", () => {
  it("are a crowd if more than two of a peer carry the same traffic", () => {
    const third = withChild("11", "3");
    assert.ok(!isCrowded([newer]));
    assert.ok(!isCrowded([older, newer]));
    assert.ok(isCrowded([older, newer, third]));
    assert.ok(!isCrowded([older, newer, { ...third, tasks: ["IKE_REAUTH_COMPLETE"] }]));
  });

  it("are not a crowd if two of them carry other traffic", () => {
    const other = (uniqueId: string, child: string) =>
      ikeSa({ uniqueId, children: [childSa({ name: "child-3", uniqueId: child })] });
    assert.ok(!isCrowded([older, newer, other("11", "3"), other("12", "4")]));
  });
});

describe("a CHILD SA of an IKE SA", () => {
  const two = [childSa({ uniqueId: "10" }), childSa({ uniqueId: "9" })];

  it("is surplus if a newer one has the same networks", () => {
    const third = childSa({ uniqueId: "3", name: "child-3" });
    const expected = { ikeSas: [], childSas: ["9"] };
    assert.deepEqual(surplusSas([ikeSa({ children: [...two, third] })]), expected);
  });

  it("ends with its IKE SA if that one is surplus", () => {
    const expected = { ikeSas: ["9"], childSas: [] };
    assert.deepEqual(
      surplusSas([ikeSa({ uniqueId: "9", children: two }), withChild("8", "11")]),
      expected,
    );
  });

  it("is not surplus if the newer one has other networks or no longer carries traffic", () => {
    for (const changes of [{ remoteSelectors: ["10.7.0.0/24"] }, { state: "DELETING" }])
      assert.deepEqual(
        surplusSas([ikeSa({ children: [childSa(), childSa({ uniqueId: "2", ...changes })] })]),
        none,
      );
  });

  it("is not surplus while charon negotiates or rekeys one", () => {
    for (const task of ["CHILD_CREATE", "CHILD_REKEY", "CHILD_DELETE"])
      assert.deepEqual(surplusSas([ikeSa({ children: two, tasks: [task] })]), none);
    const rekeying = childSa({ uniqueId: "8", state: "REKEYING" });
    assert.deepEqual(surplusSas([ikeSa({ children: [...two, rekeying] })]), none);
  });
});
