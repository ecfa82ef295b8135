import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nothingDesired, type DesiredState } from "../desired/desired-state.ts";
import { rootOf } from "./root-of.ts";

describe("a command for a connection without an actor", () => {
  const problem = { source: "a.yaml", path: "spec.paths[1].nodeName", message: "needs a cluster" };
  const desired: DesiredState = { ...nothingDesired, problems: new Map([["divided", [problem]]]) };
  const running = { desired, roots: new Map() };

  it("names the problem of a manifest that never was valid", () => {
    assert.throws(() => rootOf(running, "divided"), {
      message: "connection divided is not valid: spec.paths[1].nodeName: needs a cluster",
    });
  });

  it("names the known connections if there is none of that name", () => {
    assert.throws(() => rootOf(running, "other"), {
      message: 'there is no connection "other" here; known: none',
    });
  });
});
