import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Condition } from "../../model/status/condition.ts";
import { conditionEvents } from "./condition-event.ts";

const ready: Condition = { type: "Ready", status: "True", reason: "Ready", message: "up" };
const down: Condition = {
  type: "Ready",
  status: "False",
  reason: "PeerUnreachable",
  message: "no answer",
};
const begins: Condition = {
  type: "Ready",
  status: "False",
  reason: "InProgress",
  message: "it begins",
};
const differs: Condition = {
  type: "Differs",
  status: "True",
  reason: "SaDiffers",
  message: "the peer left out a",
};

describe("the events of a connection", () => {
  it("report when it becomes ready, or why it does not", () => {
    const normal = { type: "Normal", reason: "Ready", action: "Connected", note: "up" };
    assert.deepEqual(conditionEvents([down], [ready]), [normal]);
    const note = "no answer";
    const warning = { type: "Warning", reason: "PeerUnreachable", action: "Connecting", note };
    assert.deepEqual(conditionEvents([ready], [down]), [warning]);
  });

  it("are not created for an unchanged condition, nor for a connection that comes up for the first time", () => {
    assert.deepEqual(conditionEvents([ready, differs], [ready, differs]), []);
    assert.deepEqual(conditionEvents([], [begins]), []);
  });

  it("warn about traffic that gets no answer, and report its end", () => {
    const note = "none has come back";
    const silent: Condition = {
      type: "Traffic",
      status: "Unknown",
      reason: "NothingReceived",
      message: note,
    };
    assert.deepEqual(conditionEvents([ready], [ready, silent]), [
      { type: "Warning", reason: "NothingReceived", action: "Counting", note },
    ]);
    const [event] = conditionEvents([ready, silent], [ready]);
    assert.deepEqual([event?.type, event?.reason], ["Normal", "NoDoubt"]);
  });

  it("warn about an SA that differs from the declaration, and report when no SA differs any longer", () => {
    const note = "the peer left out a";
    assert.deepEqual(conditionEvents([ready], [ready, differs]), [
      { type: "Warning", reason: "SaDiffers", action: "Comparing", note },
    ]);
    const [event, ...others] = conditionEvents([ready, differs], [ready]);
    assert.deepEqual(others, []);
    assert.equal(event?.type, "Normal");
    assert.equal(event?.reason, "AsDeclared");
  });

  it("report that a connection has no standby any longer, and that it has one again", () => {
    const redundant = (status: Condition["status"], reason: string): Condition => {
      return { type: "Redundant", status, reason, message: "backup" };
    };
    const up = redundant("True", "StandbyReady");
    const lost = redundant("False", "StandbyDown");
    const untested = redundant("Unknown", "StandbyNotTested");
    const eventOf = (before: readonly Condition[], after: Condition) =>
      conditionEvents(before, [after]).map(({ type, reason }) => `${type} ${reason}`);
    assert.deepEqual(eventOf([up], lost), ["Warning StandbyDown"]);
    assert.deepEqual(eventOf([lost], up), ["Normal StandbyReady"]);
    assert.deepEqual(eventOf([untested], lost), ["Warning StandbyDown"]);
    assert.deepEqual(eventOf([lost], lost), []);
    assert.deepEqual(eventOf([up], untested), []);
    assert.deepEqual(eventOf([], lost), []);
  });

  it("warn about a rekey that the peer refuses, and report when the SA is replaced", () => {
    const refused = { ...differs, type: "RekeyRefused", reason: "RekeyRefused" } as const;
    const typesOf = (events: ReturnType<typeof conditionEvents>) =>
      events.map(({ type, reason, action }) => [type, reason, action]);
    assert.deepEqual(typesOf(conditionEvents([ready], [ready, refused])), [
      ["Warning", "RekeyRefused", "Rekeying"],
    ]);
    assert.deepEqual(typesOf(conditionEvents([ready, refused], [ready])), [
      ["Normal", "SaReplaced", "Rekeying"],
    ]);
  });

  it("warn about a gateway that tracks nearly too many connections, and report the end", () => {
    const near = { ...differs, type: "NearLimit", reason: "TrackingNearLimit" } as const;
    const typesOf = (events: ReturnType<typeof conditionEvents>) =>
      events.map(({ type, reason, action }) => [type, reason, action]);
    assert.deepEqual(typesOf(conditionEvents([ready], [ready, near])), [
      ["Warning", "TrackingNearLimit", "Tracking"],
    ]);
    assert.deepEqual(typesOf(conditionEvents([ready, near], [ready])), [
      ["Normal", "BelowLimit", "Tracking"],
    ]);
  });
});
