import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childSa, connectionOf } from "../../../test/models/fixtures.ts";
import { awaitingPeer } from "../../machines/child/child-facts.ts";
import type { Child } from "../../model/api/connection.ts";
import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import { checkChild } from "./sas.ts";
import type { ChildSubject } from "./subject.ts";

function found(known: Failure | undefined): string[] {
  const [child] = connectionOf().children;
  const context = { sas: [childSa()], failure: known, hint: undefined };
  const subject = { child, state: "established", snapshot: { context } } as unknown as ChildSubject;
  return checkChild(undefined, subject).map(({ verdict, message }) => `${verdict} ${message}`);
}

describe("a CHILD SA that is up", () => {
  it("passes if it matches the declaration", () => {
    assert.deepEqual(found(undefined), ["ok is up"]);
  });

  it("has a note if it differs from the declaration", () => {
    const differs = failure(Reason.SaDiffers, "the peer left out 10.7.0.0/24");
    assert.deepEqual(found(differs), ["ok is up", "note the peer left out 10.7.0.0/24"]);
  });
});

it("a child that does not initiate and has no SA has a note that the peer must initiate", () => {
  const [child] = connectionOf({ remoteAddr: "%any" }).children;
  const context = { sas: [], failure: awaitingPeer(child as Child), hint: undefined };
  const subject = { child, state: "negotiating", snapshot: { context } } as unknown as ChildSubject;
  const [finding] = checkChild(undefined, subject);
  assert.equal(finding?.verdict, "note");
  assert.match(finding.message, /remoteAddr is not a single host/);
});
