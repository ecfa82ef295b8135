import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { failure, Reason } from "../../model/status/failure.ts";
import { conditionsOf } from "./conditions.ts";
import { redundant, type StandbyFacts } from "./redundancy.ts";

const silent = failure(Reason.PeerUnreachable, "no answer");
const keyless = failure(Reason.SecretMissing, "no Secret");

const path = (name: string, changes: Partial<StandbyFacts> = {}): StandbyFacts => ({
  name,
  role: "standby",
  standby: "warm",
  state: "established",
  failure: undefined,
  ...changes,
});
const active = path("main", { role: "active" });
const failed = { state: "failed", failure: silent } as const;
const cold = { standby: "cold", state: "negotiating" } as const;

const judged = (...standbys: StandbyFacts[]) =>
  redundant([active, ...standbys]).map(
    ({ status, reason, message }) => `${status} ${reason}: ${message}`,
  );

describe("the condition Redundant", () => {
  for (const [what, standbys, expected] of [
    ["is absent without another path", [], []],
    [
      "is true if the IKE SA of a standby is up, also during its rekey",
      [path("backup", { state: "rekeying" })],
      ["True StandbyReady: backup can take over: its IKE SA is up"],
    ],
    [
      "is true with one of two standbys, and names the other one",
      [path("backup", failed), path("third")],
      [
        "True StandbyReady: third can take over: its IKE SA is up; backup (warm) is not up: PeerUnreachable: no answer",
      ],
    ],
    [
      "is true if the partner dialled a cold standby",
      [path("backup", { standby: "cold" })],
      ["True StandbyReady: backup can take over: its IKE SA is up"],
    ],
    [
      "is false if the peer of a standby does not answer, though its IKE SA is established",
      [path("backup", { silent: true })],
      ["False StandbyDown: backup (warm) has an IKE SA, and its peer does not answer"],
    ],
    [
      "is false if the CHILD SA of a hot standby is refused, though its IKE SA is established",
      [path("backup", { standby: "hot", childless: silent })],
      [
        "False StandbyDown: backup (hot) has an IKE SA and lacks a CHILD SA: PeerUnreachable: no answer",
      ],
    ],
    [
      "is false if each standby is down, and names the reasons",
      [path("backup", failed), path("third", { standby: "hot", state: "negotiating" })],
      [
        "False StandbyDown: backup (warm) is not up: PeerUnreachable: no answer; third (hot) is not up: it is negotiating",
      ],
    ],
    [
      "is false if the standby that has to be up is down, beside a cold one",
      [path("backup", failed), path("third", cold)],
      ["False StandbyDown: backup (warm) is not up: PeerUnreachable: no answer"],
    ],
    [
      "is unknown if the standbys are cold, also while one is dialled",
      [path("backup", cold), path("third", { ...cold, role: "dialled" })],
      [
        "Unknown StandbyNotTested: backup or third is cold: whether it would come up is not known until it is dialled",
      ],
    ],
    [
      "is false if a cold standby lacks its key",
      [path("backup", { ...cold, state: "pending", failure: keyless })],
      ["False StandbyDown: backup (cold) is not up: SecretMissing: no Secret"],
    ],
    [
      "is unknown if one of two cold standbys lacks its key",
      [path("backup", { ...cold, state: "pending", failure: keyless }), path("third", cold)],
      [
        "Unknown StandbyNotTested: third is cold: whether it would come up is not known until it is dialled; backup (cold) is not up: SecretMissing: no Secret",
      ],
    ],
  ] as const)
    it(what, () => assert.deepEqual(judged(...standbys), expected));

  it("does not decide Ready", () => {
    const child = {
      key: "lan",
      state: "established",
      gateway: "ready",
      failure: undefined,
      reachability: undefined,
      traffic: undefined,
      unrouted: undefined,
    } as const;
    const conditions = conditionsOf({
      state: "established",
      failure: undefined,
      problems: [],
      hasSecret: true,
      keyFailure: undefined,
      secretTrouble: undefined,
      charonReady: true,
      children: [child],
      paths: [active, path("backup", failed)],
    });
    const statuses = conditions
      .filter(({ type }) => ["Redundant", "Ready"].includes(type))
      .map(({ type, status }) => `${type} ${status}`);
    assert.deepEqual(statuses, ["Redundant False", "Ready True"]);
  });
});
