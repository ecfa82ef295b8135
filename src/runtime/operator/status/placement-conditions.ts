import type { Condition, StatedCondition } from "../../../model/status/condition.ts";
import { failure, Reason, type Failure } from "../../../model/status/failure.ts";
import type { Group } from "../../../model/api/group.ts";
import type { SourceProblem } from "../../../model/api/resource.ts";
import { condition, judged, summary, type Check } from "../../conditions/checks.ts";
import { specFailure } from "../../conditions/conditions.ts";
import type { GroupPodFailures } from "./group-pods.ts";

/** What the operator judges a group by. */
export interface GroupFacts extends GroupPodFailures {
  readonly problems: readonly SourceProblem[];
  /** Why the group gets no pods, where it gets none. */
  readonly refused: Failure | undefined;
}

const ofGroup: readonly Check<GroupFacts>[] = [
  {
    type: "SpecValid",
    message: "the document is valid",
    lacks: ({ problems }) => specFailure(problems),
  },
  { type: "CharonReady", message: "charon's pod runs", lacks: charonFailure },
  { type: "AgentReady", message: "the agent's pod runs", lacks: ({ agent }) => agent },
];

/** The conditions of a CharonGroup; `Ready` sums them up. */
export function groupConditionsOf(facts: GroupFacts): Condition[] {
  const lack = charonFailure(facts) ?? facts.agent;
  return [...judged(ofGroup, facts), ...summary(lack, "it carries connections")];
}

/** A charon that is not to be is not missed. */
function charonFailure({ refused, charon }: GroupFacts): Failure | undefined {
  return refused ?? charon;
}

/** Where a connection is put, as far as the operator sees it. */
export interface PlacementFacts {
  /** Undefined where no version of its document is good. */
  readonly groupId: string | undefined;
  readonly group: Group | undefined;
  /** Why the group gets no pods, where it gets none. */
  readonly refused: Failure | undefined;
  readonly podFailures: GroupPodFailures;
}

/** `Placed`: whether the pods run that are to carry the connection. */
export function placedOf(facts: PlacementFacts): Condition {
  const lack = placementFailure(facts);
  return condition("Placed", lack, `charon and agent run on ${facts.group?.nodeName ?? ""}`);
}

function placementFailure(facts: PlacementFacts): Failure | undefined {
  const { groupId, group, refused, podFailures } = facts;
  if (refused !== undefined) return refused;
  if (groupId === undefined) {
    return failure(Reason.SpecInvalid, "no version of its document says where it is to run");
  }
  if (group === undefined) {
    const message = `spec.groupRef: there is no CharonGroup ${groupId}`;
    return failure(Reason.GroupMissing, message);
  }
  return podFailures.charon ?? podFailures.agent;
}

/**
 * `Ready` in place of an agent that does not tell: nobody knows, and the last word of one
 * that went is not to be taken for the present. An agent that is back overwrites it.
 *
 * @param silent whether the agent was last heard before it was missed
 */
export function unknownReady(
  placed: Condition,
  conditions: readonly StatedCondition[],
  silent: boolean,
): Condition[] {
  const ready = conditions.find(({ type }) => type === "Ready");
  const isAgents = ready !== undefined && ready.reason !== Reason.AgentSilent;
  if (isAgents && !silent) return [];
  const why = placed.status === "True" ? "it has not spoken yet" : placed.message;
  const message = `no agent tells how it is: ${why}`;
  return [{ type: "Ready", status: "Unknown", reason: Reason.AgentSilent, message }];
}
