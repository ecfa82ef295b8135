import type { Condition, StatedCondition } from "../../../model/status/condition.ts";
import { failure, Reason, type Failure } from "../../../model/status/failure.ts";
import { declaredIdOf, type Group } from "../../../model/api/group.ts";
import { frontendAddress } from "../../../model/frontend/frontend-service.ts";
import type { SourceProblem } from "../../../model/api/resource.ts";
import { condition, judged, summary, type Check } from "../../conditions/checks.ts";
import { specFailure } from "../../conditions/conditions.ts";
import type { FrontendFacts } from "../deployments/frontends.ts";
import type { GroupPodFailures } from "./group-pods.ts";

/** The facts that a group's conditions follow from. */
export interface GroupFacts extends GroupPodFailures {
  readonly problems: readonly SourceProblem[];
  /** Why the group's pods are not created; undefined if they are. */
  readonly refused: Failure | undefined;
  /** The Service in front of charon; undefined if the manifest declares none. */
  readonly frontend?: Pick<FrontendFacts, "service" | "failure"> | undefined;
}

const ofGroup: readonly Check<GroupFacts>[] = [
  {
    type: "SpecValid",
    message: "the manifest is valid",
    lacks: ({ problems }) => specFailure(problems),
  },
  { type: "CharonReady", message: "charon's pod runs", lacks: charonFailure },
  { type: "AgentReady", message: "the agent's pod runs", lacks: ({ agent }) => agent },
];

/** The conditions of a CharonGroup; `Ready` summarises them. */
export function groupConditionsOf(facts: GroupFacts): Condition[] {
  const lack = charonFailure(facts) ?? facts.agent;
  return [
    ...judged(ofGroup, facts),
    ...(facts.frontend === undefined ? [] : [frontendCondition(facts.frontend)]),
    ...summary(lack, "it carries connections"),
  ];
}

/** `FrontendReady`: whether the Service has an address, at which peers can reach charon. */
function frontendCondition(facts: Pick<FrontendFacts, "service" | "failure">): Condition {
  const address = facts.service && frontendAddress(facts.service);
  const message = `the Service leads to charon at ${address}`;
  return condition("FrontendReady", frontendFailure(facts, address), message);
}

function frontendFailure(
  { service, failure: refused }: Pick<FrontendFacts, "service" | "failure">,
  address: string | undefined,
): Failure | undefined {
  if (refused !== undefined) {
    return failure(Reason.FrontendRefused, `the Service cannot be written: ${refused.message}`);
  }
  if (address !== undefined) return undefined;
  const pending =
    service === undefined
      ? "the Service is being created"
      : `the Service ${service.metadata.name} has no address yet`;
  return failure(Reason.FrontendPending, pending);
}

/** A refused group has no charon by intent: the refusal is the failure. */
function charonFailure({ refused, charon }: GroupFacts): Failure | undefined {
  return refused ?? charon;
}

/** The facts that `Placed` follows from. */
export interface PlacementFacts {
  /** Undefined if no version of the manifest is valid. */
  readonly groupId: string | undefined;
  readonly group: Group | undefined;
  /** Why the group's pods are not created; undefined if they are. */
  readonly refused: Failure | undefined;
  readonly podFailures: GroupPodFailures;
}

/** `Placed`: whether the group's pods run. */
export function placedOf(facts: PlacementFacts): Condition {
  const lack = placementFailure(facts);
  return condition("Placed", lack, `charon and agent run on ${facts.group?.nodeName ?? ""}`);
}

/** `Placed` of a connection with paths in several groups: whether the pods of all groups run. */
export function placedOnAll(placements: readonly PlacementFacts[]): Condition {
  const lacks = placements.flatMap((facts) => {
    const lack = placementFailure(facts);
    const place = facts.group?.nodeName ?? declaredIdOf(facts.groupId ?? "");
    return lack === undefined ? [] : [{ ...lack, message: `${place}: ${lack.message}` }];
  });
  const nodes = placements.map(({ group }) => group?.nodeName ?? "").join(", ");
  // A group that does not exist is missing for each of its nodes.
  const message = [...new Set(lacks.map((lack) => lack.message))].join("; ");
  return condition(
    "Placed",
    lacks[0] && { ...lacks[0], message },
    `charon and agent run on ${nodes}`,
  );
}

function placementFailure(facts: PlacementFacts): Failure | undefined {
  const { groupId, group, refused, podFailures } = facts;
  if (refused !== undefined) return refused;
  if (groupId === undefined) {
    return failure(
      Reason.SpecInvalid,
      "no valid version of the manifest says where the connection is to run",
    );
  }
  if (group === undefined) {
    const message = `spec.groupRef: there is no CharonGroup ${declaredIdOf(groupId)}`;
    return failure(Reason.GroupMissing, message);
  }
  return podFailures.charon ?? podFailures.agent;
}

/**
 * `Ready` on behalf of a silent agent: the state is unknown, and the agent's last report must not
 * pass for the present state. An agent that returns overwrites it.
 *
 * @param silent whether the agent has not written since its silence began
 */
export function unknownReady(
  placed: Condition,
  conditions: readonly StatedCondition[],
  silent: boolean,
): Condition[] {
  const ready = conditions.find(({ type }) => type === "Ready");
  const isOfAgent = ready !== undefined && ready.reason !== Reason.AgentSilent;
  if (isOfAgent && !silent) return [];
  const why = placed.status === "True" ? "it has not reported yet" : placed.message;
  const message = `no agent reports the state: ${why}`;
  return [{ type: "Ready", status: "Unknown", reason: Reason.AgentSilent, message }];
}
