import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionFromCr } from "../../model/validation/connection-from-cr.ts";
import { childSpec, connectionSpec } from "../../../lab/sites/manifests.ts";
import { childWanted, poolWanted } from "./attach-request.ts";

const pools = { first: ["10.0.3.3/24"], second: ["10.0.3.4/24"] };
const parsed = connectionFromCr(
  connectionSpec("site", {
    children: {
      "child-2": childSpec(2, { name: "erp" }),
      "child-3": childSpec(3, { ip_pools: pools }),
    },
  }),
);
assert.ok(parsed.ok);
const connections = new Map([["site", parsed.value]]);
const wanted = (connection: string, child: string) =>
  childWanted({ netns: "app", connection, child }, connections).child;

describe("a request to attach", () => {
  it("may name the child by its key or its name", () => {
    assert.equal(wanted("site", "child-2").key, "child-2");
    assert.equal(wanted("site", "erp").key, "child-2");
  });

  it("is refused with the known names if it names an unknown one", () => {
    assert.throws(() => wanted("other", "erp"), /no connection "other"; known: site/);
    assert.throws(() => wanted("site", "x"), /no child "x"; known: child-2, child-3/);
  });

  it("has to name a pool if the child has several", () => {
    assert.equal(poolWanted(undefined, wanted("site", "erp")), "primary");
    assert.equal(poolWanted("second", wanted("site", "child-3")), "second");
    assert.throws(
      () => poolWanted(undefined, wanted("site", "child-3")),
      /--pool \(first, second\)/,
    );
    assert.throws(() => poolWanted("x", wanted("site", "erp")), /no pool "x"; known: primary/);
  });
});
