import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Actor } from "./actors.ts";
import { treeRows } from "./tree-rows.ts";

const partner = { title: "partner", label: "partner" } as Actor;
const path = { title: "partner path", label: "path", parent: partner } as Actor;
const lan = { title: "partner/lan", label: "lan", parent: path } as Actor;
const dmz = { title: "partner/dmz", label: "dmz", parent: path } as Actor;
const gateway = { title: "partner/lan gateway", label: "lan gateway", parent: partner } as Actor;
const other = { title: "other", label: "other" } as Actor;

const rowsOf = (...actors: Actor[]) =>
  treeRows(actors).map(
    ({ label, level, position, siblings }) => `${level} ${label} ${position}/${siblings}`,
  );

describe("the rows of the tree", () => {
  it("have a level, and a position among their siblings", () => {
    assert.deepEqual(rowsOf(partner, path, dmz, lan, gateway, other), [
      "1 partner 1/2",
      "2 path 1/2",
      "3 dmz 1/2",
      "3 lan 2/2",
      "2 lan gateway 2/2",
      "1 other 2/2",
    ]);
  });

  it("have their whole title at the top level if a filter left their parent out", () => {
    assert.deepEqual(rowsOf(path, lan, other), ["1 partner path 1/2", "2 lan 1/1", "1 other 2/2"]);
    assert.deepEqual(rowsOf(partner, lan), ["1 partner 1/2", "1 partner/lan 2/2"]);
  });
});
