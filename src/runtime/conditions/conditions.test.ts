import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Condition } from "../../model/status/condition.ts";
import { failure, Reason, type Failure } from "../../model/status/failure.ts";
import type { PublicState } from "../../model/status/public-state.ts";
import { childConditionsOf, conditionsOf, type ChildFacts } from "./conditions.ts";

const silent = failure(Reason.NothingReceived, "none has come back");
const broken = failure(Reason.IntegrityMismatch, "every packet fails");

const child = (traffic?: Failure, state: PublicState = "established"): ChildFacts => ({
  key: "lan",
  state,
  gateway: "ready",
  failure: undefined,
  reachability: undefined,
  traffic,
  unrouted: undefined,
});

/** `Traffic` and the conditions that summarise, each as its type, status and reason. */
function summaryOf(conditions: readonly Condition[]): string[] {
  return conditions
    .filter(({ type }) => ["Traffic", "Ready", "Reconciling", "Stalled"].includes(type))
    .map(({ type, status, reason }) => `${type} ${status} ${reason}`);
}

const facts = {
  state: "established",
  failure: undefined,
  problems: [],
  hasSecret: true,
  keyFailure: undefined,
  secretTrouble: undefined,
  charonReady: true,
  children: [child()],
} as const;

function ofConnection(...children: ChildFacts[]): Condition[] {
  return conditionsOf({ ...facts, children });
}

describe("the conditions of a connection that is up", () => {
  const messageOf = (conditions: readonly Condition[], type: Condition["type"]) =>
    conditions.find((one) => one.type === type)?.message;

  it("name the methods of its key exchange, and the proposals that charon does not offer", () => {
    const conditions = conditionsOf({ ...facts, keyExchange: "ECP_256", omitted: "no ML-KEM" });
    const up = "the IKE SA is up, with the key exchange ECP_256";
    assert.equal(messageOf(conditions, "Established"), up);
    assert.equal(messageOf(conditions, "CharonReady"), "charon answers; no ML-KEM");
    assert.equal(messageOf(conditionsOf(facts), "Established"), "the IKE SA is up");
    assert.equal(messageOf(conditionsOf(facts), "CharonReady"), "charon answers");
  });

  it("name no methods for a child before its first rekey", () => {
    const rekeyed = { ...child(), keyExchange: "ECP_256" };
    assert.match(messageOf(childConditionsOf(rekeyed), "Established") ?? "", /ECP_256$/);
    assert.equal(messageOf(childConditionsOf(child()), "Established"), "a CHILD SA is up");
  });
});

describe("the conditions of a connection whose peer has limits", () => {
  it("name each limit, and leave Ready as it is", () => {
    const limits = {
      takesLast: failure(Reason.PeerTakesLast, "it follows backup"),
      keepsOne: failure(Reason.PeerKeepsOne, "it refuses backup"),
    };
    const shown = conditionsOf({ ...facts, limits })
      .filter(({ type }) => type.startsWith("Peer") || type === "Ready")
      .map(({ type, status, message }) => `${type} ${status} ${message}`);
    assert.deepEqual(shown, [
      "PeerTakesLast True it follows backup",
      "PeerKeepsOne True it refuses backup",
      "Ready True every child carries traffic",
    ]);
  });
});

describe("the conditions of a connection whose traffic is in doubt", () => {
  for (const [what, children, expected] of [
    ["are as usual without a doubt", [child()], ["Ready True Ready"]],
    [
      "have the doubt beside Ready if nothing came back, since no answer may be expected",
      [child(), child(silent)],
      ["Traffic Unknown NothingReceived", "Ready True Ready"],
    ],
    [
      "are not ready if every packet of the peer fails the integrity check",
      [child(silent), child(broken)],
      [
        "Traffic False IntegrityMismatch",
        "Ready False IntegrityMismatch",
        "Stalled True IntegrityMismatch",
      ],
    ],
    [
      "have no doubt about a child that is down",
      [child(broken, "negotiating")],
      ["Ready False InProgress", "Reconciling True InProgress"],
    ],
  ] as const)
    it(what, () => assert.deepEqual(summaryOf(ofConnection(...children)), expected));

  it("do not claim that a child carries traffic if nothing came back", () => {
    const messageOf = (conditions: Condition[]) =>
      conditions.find(({ type }) => type === "Ready")?.message ?? "";
    assert.match(messageOf(ofConnection(child(silent))), /nothing has come back/);
    assert.match(messageOf(childConditionsOf(child(silent))), /nothing has come back yet/);
    assert.match(messageOf(ofConnection(child())), /every child carries traffic/);
  });

  it("are the child's too", () => {
    const expected = ["Traffic False IntegrityMismatch", "Ready False IntegrityMismatch"];
    assert.deepEqual(summaryOf(childConditionsOf(child(broken))), expected);
  });
});
