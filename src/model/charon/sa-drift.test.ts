import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childSa, childSpec, connectionOf, ikeSa } from "../../../test/models/fixtures.ts";
import type { Child } from "../api/connection.ts";
import { childSaDifference, ikeSaDifference, isOfEarlierSpec } from "./sa-drift.ts";

function ofSelectors(declared: readonly string[], listed: readonly string[]): string | undefined {
  const children = { "child-2": childSpec(2, { remote_ips: declared }) };
  const [child] = connectionOf({ children }).children;
  return childSaDifference(childSa({ remoteSelectors: listed }), child as Child);
}

describe("an SA", () => {
  const same: readonly (readonly [declared: string[], listed: string[]])[] = [
    [["10.1.2.0/24"], ["10.1.2.0/24"]],
    [["10.1.2.0/24"], ["10.1.2.128/25"]],
    [["10.0.0.0/8", "10.20.0.0/16"], ["10.0.0.0/8"]],
    [
      ["10.1.2.0/24", "10.7.0.0/24"],
      ["10.7.0.0/24", "10.1.2.7/32"],
    ],
    [["10.1.2.0/24"], ["10.1.2.0/24[tcp/443]"]],
  ];
  for (const [declared, listed] of same) {
    it(`with ${listed.join(", ")} does not differ from ${declared.join(", ")}`, () => {
      assert.equal(ofSelectors(declared, listed), undefined);
    });
  }

  it("differs by a network that the peer left out", () => {
    assert.equal(
      ofSelectors(["10.1.2.0/24", "10.7.0.0/24"], ["10.1.2.0/24"]),
      "remote_ips is declared as 10.1.2.0/24, 10.7.0.0/24, and charon has 10.1.2.0/24 (the peer left out 10.7.0.0/24)",
    );
  });

  it("differs by a network that is not declared", () => {
    assert.equal(
      ofSelectors(["10.1.2.0/24"], ["10.1.2.0/24", "10.9.0.0/16"]),
      "remote_ips is declared as 10.1.2.0/24, and charon has 10.1.2.0/24, 10.9.0.0/16 (10.9.0.0/16 is not declared)",
    );
  });

  it("is of an earlier declaration by its if_id and by networks that are not declared", () => {
    const children = { "child-2": childSpec(2, { remote_ips: ["10.1.2.0/24", "10.7.0.0/24"] }) };
    const child = connectionOf({ children }).children[0] as Child;
    const narrowed = [["10.1.2.0/24"], ["10.1.2.7/32"], ["10.1.2.0/24[tcp/443]"], []];
    for (const remoteSelectors of narrowed)
      assert.equal(isOfEarlierSpec(childSa({ remoteSelectors }), child), false);
    assert.equal(isOfEarlierSpec(childSa({ ifId: 7 }), child), true);
    assert.equal(isOfEarlierSpec(childSa({ remoteSelectors: ["10.9.0.0/16"] }), child), true);
    assert.equal(isOfEarlierSpec(childSa({ localSelectors: ["10.0.0.0/8"] }), child), true);
  });

  it("differs by identities and if_ids", () => {
    const connection = connectionOf({ localId: "@node.site" });
    assert.equal(ikeSaDifference(ikeSa(), connection), undefined);
    assert.equal(
      ikeSaDifference(ikeSa({ localId: "other" }), connection),
      'localId is declared as "@node.site", and charon has "other"',
    );
    assert.equal(
      childSaDifference(childSa({ ifId: 7 }), connection.children[0] as Child),
      "if_id is declared as 102, and charon has 7",
    );
  });
});
