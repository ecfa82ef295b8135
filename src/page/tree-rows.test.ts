import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Actor } from "./actors.ts";
import { treeRows } from "./tree-rows.ts";

const partner = { title: "partner", name: "partner" } as Actor;
const lan = { title: "partner/lan", name: "child.lan", parent: partner } as Actor;
const dmz = { title: "partner/dmz", name: "child.dmz", parent: partner } as Actor;
const gateway = { title: "partner/lan gateway", name: "gateway", parent: lan } as Actor;
const other = { title: "other", name: "other" } as Actor;

const rowsOf = (...actors: Actor[]) =>
  treeRows(actors).map(
    ({ label, level, position, siblings }) => `${level} ${label} ${position}/${siblings}`,
  );

describe("the rows of the tree", () => {
  it("have a level, and a position among their siblings", () => {
    assert.deepEqual(rowsOf(partner, dmz, lan, gateway, other), [
      "1 partner 1/2",
      "2 dmz 1/2",
      "2 lan 2/2",
      "3 gateway 1/1",
      "1 other 2/2",
    ]);
  });

  it("have their whole title at the top level if a filter left their parent out", () => {
    assert.deepEqual(rowsOf(lan, gateway, other), [
      "1 partner/lan 1/2",
      "2 gateway 1/1",
      "1 other 2/2",
    ]);
    assert.deepEqual(rowsOf(partner, gateway), ["1 partner 1/2", "1 partner/lan gateway 2/2"]);
  });
});
