import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childConditionsOf, conditionsOf, type ChildFacts } from "./conditions.ts";

const child = (key: string, unrouted?: string): ChildFacts => ({
  key,
  state: "established",
  gateway: "ready",
  failure: undefined,
  reachability: undefined,
  traffic: undefined,
  unrouted,
});

/** The conditions of a connection that carries traffic. */
const connectionWith = (...children: ChildFacts[]) =>
  conditionsOf({
    state: "established",
    failure: undefined,
    problems: [],
    children,
    hasSecret: true,
    keyFailure: undefined,
    secretTrouble: undefined,
    charonReady: true,
  });

describe("the condition PartlyRouted", () => {
  it("names each child with networks that are not routed, and leaves Ready alone", () => {
    const all = connectionWith(child("a", "no route to x"), child("b"), child("c", "none to y"));
    assert.deepEqual(
      all.find(({ type }) => type === "PartlyRouted"),
      {
        type: "PartlyRouted",
        status: "True",
        reason: "RoutesLeftOut",
        message: "a: no route to x; c: none to y",
      },
    );
    assert.equal(all.find(({ type }) => type === "Ready")?.status, "True");
  });

  it("is present only while there are such networks, for children as well", () => {
    const typesOf = (unrouted?: string) =>
      childConditionsOf(child("a", unrouted)).map(({ type }) => type);
    assert.ok(!connectionWith(child("a")).some(({ type }) => type === "PartlyRouted"));
    assert.deepEqual(typesOf(), ["GatewayReady", "Established", "Ready"]);
    assert.deepEqual(typesOf("x"), ["GatewayReady", "Established", "PartlyRouted", "Ready"]);
  });
});
