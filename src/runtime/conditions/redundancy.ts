import type { Condition } from "../../model/status/condition.ts";
import { Reason } from "../../model/status/failure.ts";
import { isUp } from "../../model/status/public-state.ts";
import type { PathStatus } from "../../model/status/status.ts";

/** The facts that decide whether a path can take over. */
export type StandbyFacts = Pick<
  PathStatus,
  "name" | "role" | "standby" | "state" | "failure" | "silent" | "childless"
>;

/** The reason of `Redundant` while it is true. */
const standbyReady = "StandbyReady";

/**
 * `Redundant`, for a connection with several paths: whether one could take over. `Ready` does not
 * depend on it.
 */
export function redundant(paths: readonly StandbyFacts[]): Condition[] {
  const standbys = paths.filter(({ role }) => role !== "active");
  if (standbys.length === 0) return [];
  const judgements = Map.groupBy(standbys, judgementOf);
  const { ready = [], down = [], untested = [] } = Object.fromEntries(judgements);
  const lacks = down.map(lackText);
  if (ready.length > 0)
    return [
      {
        type: "Redundant",
        status: "True",
        reason: standbyReady,
        message: [`${namesOf(ready)} can take over: its IKE SA is up`, ...lacks].join("; "),
      },
    ];
  if (down.some(isRequired) || untested.length === 0)
    return [
      {
        type: "Redundant",
        status: "False",
        reason: Reason.StandbyDown,
        message: lacks.join("; "),
      },
    ];
  const unknown = `${namesOf(untested)} is cold: whether it would come up is not known until it is dialled`;
  return [
    {
      type: "Redundant",
      status: "Unknown",
      reason: Reason.StandbyNotTested,
      message: [unknown, ...lacks].join("; "),
    },
  ];
}

/**
 * Whether a standby can take over. A cold one is untested, unless it lacks something that shows before
 * it is dialled, such as its key.
 */
export function judgementOf(standby: StandbyFacts): "ready" | "down" | "untested" {
  if (standby.silent === true || standby.childless !== undefined) return "down";
  if (isUp(standby.state)) return "ready";
  return isRequired(standby) || standby.failure !== undefined ? "down" : "untested";
}

/** Whether a standby has to have an IKE SA. */
function isRequired({ standby }: StandbyFacts): boolean {
  return standby !== "cold";
}

function namesOf(standbys: readonly StandbyFacts[]): string {
  return standbys.map(({ name }) => name).join(" or ");
}

function lackText({ name, standby, state, failure, silent, childless }: StandbyFacts): string {
  if (silent === true) return `${name} (${standby}) has an IKE SA, and its peer does not answer`;
  if (childless !== undefined)
    return `${name} (${standby}) has an IKE SA and lacks a CHILD SA: ${childless.reason}: ${childless.message}`;
  const cause = failure === undefined ? `it is ${state}` : `${failure.reason}: ${failure.message}`;
  return `${name} (${standby}) is not up: ${cause}`;
}
