import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionFromCr } from "./connection-from-cr.ts";
import { at, child, manifest, manifestCases, type Manifest } from "./manifests.fixture.ts";

/** Where the problems are, after a change of the walk-through's manifest. */
function paths(change: (cr: Manifest & Record<string, unknown>) => void): string[] {
  const cr = manifest() as Manifest & Record<string, unknown>;
  change(cr);
  const result = connectionFromCr(cr);
  return result.ok ? [] : result.problems.map(({ path }) => path);
}

describe("a connection's manifest", () => {
  it("of the walk-through is valid", () => {
    const result = connectionFromCr(manifest());
    assert.ok(result.ok);
    assert.equal(result.value.children[0]?.initiates, true);
  });

  for (const [what, change, expected] of manifestCases) {
    it(`${expected.length === 0 ? "takes" : "refuses"} ${what}`, () => {
      assert.deepEqual(paths(change), expected);
    });
  }

  it("reports what is wrong in shape and in meaning at once", () => {
    const found = paths((cr) => {
      Object.assign(child(cr), { if_id: "102", surprise: true, vxlan_ip: "10.0.2.1/24" });
      Object.assign(cr.spec, { localAddr: "fe80::1" });
      delete (cr.spec as Partial<Manifest["spec"]>).localId;
      child(cr).local_ips.push(7 as never, "10.0.2.9/24");
    });
    assert.deepEqual(found.toSorted(), [
      at(".if_id"),
      at(".local_ips[1]"),
      at(".local_ips[2]"),
      at(".surprise"),
      at(".vxlan_ip"),
      "spec.localAddr",
      "spec.localId",
    ]);
  });

  for (const nothing of [null, 7, "text", [], {}, { spec: { children: { a: null, b: [] } } }]) {
    it(`refuses ${JSON.stringify(nothing)} without breaking down`, () => {
      assert.equal(connectionFromCr(nothing).ok, false);
    });
  }

  it("reports every problem at once", () => {
    const found = paths((cr) => {
      cr.spec.remoteAddr = "?";
      cr.metadata.name = "X";
      child(cr).xfrm_ip = "?";
    });
    assert.deepEqual(found, ["metadata.name", "spec.remoteAddr", at(".xfrm_ip")]);
  });
});
