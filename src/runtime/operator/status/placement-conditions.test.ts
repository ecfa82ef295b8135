import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { impliedGroup } from "../../../model/api/group.ts";
import { failure, Reason } from "../../../model/status/failure.ts";
import { groupConditionsOf, placedOf, placedOnAll, unknownReady } from "./placement-conditions.ts";

const group = impliedGroup("node-a");
const runs = { charon: undefined, agent: undefined };
const refused = undefined;
const occupied = failure(Reason.NodeOccupied, "another charon has it");
const down = { ...runs, agent: failure(Reason.PodsUnavailable, "no image") };
const placed = placedOf({ groupId: group.id, group, refused, podFailures: runs });
const ready = (reason = "Ready") => [
  {
    type: "Ready" as const,
    status: "True" as const,
    reason,
    message: "it carries traffic",
    observedGeneration: 1,
    lastTransitionTime: "2026-01-01T11:00:00Z",
  },
];

describe("the placement of a connection", () => {
  it("is True while charon and agent run", () => {
    assert.equal(placed.status, "True");
    assert.match(placed.message, /node-a/);
    const lacking = placedOf({ groupId: group.id, group, refused, podFailures: down });
    assert.deepEqual([lacking.status, lacking.message], ["False", "no image"]);
  });

  it("has a reason if the group is missing or refused", () => {
    const missing = { groupId: "a/b", group: undefined, podFailures: runs };
    const { reason, message } = placedOf({ ...missing, refused });
    assert.equal(reason, "GroupMissing");
    assert.match(message, /no CharonGroup a\/b/);
    assert.equal(placedOf({ ...missing, refused: occupied }).reason, "NodeOccupied");
  });
});

describe("the placement of a connection on two nodes", () => {
  const other = impliedGroup("node-b");
  const onA = { groupId: group.id, group, refused, podFailures: runs };
  const onB = { groupId: other.id, group: other, refused, podFailures: runs };

  it("is True while charon and agent run on both", () => {
    const { status, message } = placedOnAll([onA, onB]);
    assert.deepEqual([status, message], ["True", "charon and agent run on node-a, node-b"]);
  });

  it("names the node on which they do not run", () => {
    const { status, reason, message } = placedOnAll([onA, { ...onB, podFailures: down }]);
    assert.deepEqual([status, reason], ["False", "PodsUnavailable"]);
    assert.equal(message, "node-b: no image");
    const missing = { ...onA, groupId: "a/b", group: undefined };
    assert.match(placedOnAll([missing, onB]).message, /^a\/b: .*no CharonGroup a\/b/);
    const onNodes = ["node-a", "node-b"].map((node) => ({ ...missing, groupId: `a/b@${node}` }));
    const once = placedOnAll(onNodes).message;
    assert.equal(once, "a/b: spec.groupRef: there is no CharonGroup a/b");
  });
});

describe("Ready of a connection", () => {
  it("is unknown before the agent's first report, with a reason", () => {
    const [unknown] = unknownReady(placed, [], false);
    assert.equal(unknown?.status, "Unknown");
    assert.equal(unknown?.reason, "AgentSilent");
  });

  it("is left to the agent while the agent reports", () => {
    assert.deepEqual(unknownReady(placed, ready(), false), []);
  });

  it("is unknown when the last report is from before the silence", () => {
    assert.equal(unknownReady(placed, ready(), true).length, 1);
  });

  it("stays unknown until an agent overwrites it", () => {
    assert.equal(unknownReady(placed, ready("AgentSilent"), false).length, 1);
  });
});

describe("a CharonGroup", () => {
  it("is ready when charon and agent run", () => {
    const types = groupConditionsOf({ ...runs, refused, problems: [] }).map(
      ({ type, status }) => `${type}=${status}`,
    );
    assert.deepEqual(types, [
      "SpecValid=True",
      "CharonReady=True",
      "AgentReady=True",
      "Ready=True",
    ]);
  });

  it("has the failure of the pod that does not run", () => {
    const conditions = groupConditionsOf({ ...down, refused, problems: [] });
    const summed = conditions.find(({ type }) => type === "Ready");
    assert.deepEqual([summed?.status, summed?.message], ["False", "no image"]);
  });

  it("that is refused is stalled, with the reason", () => {
    const conditions = groupConditionsOf({ ...down, refused: occupied, problems: [] });
    const stated = conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
    assert.deepEqual(stated, [
      "SpecValid=True SpecValid",
      "CharonReady=False NodeOccupied",
      "AgentReady=False PodsUnavailable",
      "Ready=False NodeOccupied",
      "Stalled=True NodeOccupied",
    ]);
  });
});
