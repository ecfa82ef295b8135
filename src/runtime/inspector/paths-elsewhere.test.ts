import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PathsElsewhere } from "./paths-elsewhere.ts";
import type { PathFacts } from "../../model/status/status.ts";

const path = (name: string, changes: Partial<PathFacts> = {}): PathFacts => ({
  name,
  role: "standby",
  standby: "warm",
  state: "established",
  remote: "192.0.2.9",
  failure: undefined,
  node: "node-b",
  elsewhere: true,
  ...changes,
});

const brief = (elsewhere: PathsElsewhere, ...paths: readonly PathFacts[]) =>
  elsewhere
    .changes(paths)
    .map(({ name, isNew, snapshot }) => [name, isNew, snapshot.status, snapshot.publicState]);

describe("the paths of other nodes in the inspector", () => {
  it("are shown once, and again with each change", () => {
    const elsewhere = new PathsElsewhere();
    assert.deepEqual(brief(elsewhere, path("backup")), [
      ["path.backup", true, "active", "established"],
    ]);
    assert.deepEqual(brief(elsewhere, path("backup")), []);
    assert.deepEqual(brief(elsewhere, path("backup", { state: "failed" })), [
      ["path.backup", false, "active", "failed"],
    ]);
    assert.deepEqual(brief(elsewhere, path("backup", { state: "failed", role: "active" })), [
      ["path.backup", false, "active", "failed"],
    ]);
  });

  it("end with their declaration, and leave out those that are here", () => {
    const elsewhere = new PathsElsewhere();
    const here = path("main", { elsewhere: undefined as never });
    assert.deepEqual(brief(elsewhere, here), []);
    elsewhere.changes([here, path("backup")]);
    assert.deepEqual(brief(elsewhere, here), [["path.backup", false, "stopped", "established"]]);
    assert.deepEqual(brief(elsewhere, here), []);
  });
});
