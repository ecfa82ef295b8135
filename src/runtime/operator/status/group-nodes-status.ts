import { mainNodeOf, type GroupManifest } from "../../../model/api/group.ts";
import type { Failure } from "../../../model/status/failure.ts";
import type { GroupFacts } from "./placement-conditions.ts";

/** The facts about one node of a CharonGroup. */
export interface NodeFacts extends Pick<GroupFacts, "refused" | "charon" | "agent"> {
  readonly node: string;
  /** The group of its charon and its agent. */
  readonly groupId: string;
}

/** The part of a CharonGroup's status about several nodes. */
export interface NodesStatus {
  readonly mainNode?: string;
  readonly nodes?: readonly NodeState[];
  /** `1/2` */
  readonly nodesReady?: string;
}

interface NodeState {
  readonly node: string;
  readonly ready: boolean;
  readonly reason?: string;
  readonly message?: string;
}

/** The facts of all nodes as those of one group: a failure names the nodes that have it. */
export function onAllNodes(
  nodes: readonly NodeFacts[],
): Pick<NodeFacts, "refused" | "charon" | "agent"> {
  return {
    refused: together(nodes, "refused"),
    charon: together(nodes, "charon"),
    agent: together(nodes, "agent"),
  };
}

function together(
  nodes: readonly NodeFacts[],
  fact: "refused" | "charon" | "agent",
): Failure | undefined {
  const lacking = nodes.flatMap(({ node, [fact]: failure }) =>
    failure === undefined ? [] : [{ node, failure }],
  );
  const [first] = lacking;
  if (nodes.length < 2 || first === undefined) return first?.failure;
  const message = lacking.map(({ node, failure }) => `${node}: ${failure.message}`).join("; ");
  return { ...first.failure, message };
}

/** The status of a group about its nodes; none for a group that has always had one node. */
export function nodesStatus(group: GroupManifest, nodes: readonly NodeFacts[]): NodesStatus {
  const before = (group.status ?? {}) as NodesStatus;
  const isSeveral = nodes.length > 1;
  if (!isSeveral && before.mainNode === undefined) return {};
  const mainNode = mainNodeOf(group);
  const kept = mainNode === undefined ? {} : { mainNode };
  if (!isSeveral) return kept;
  const states = nodes.map(stateOf);
  const ready = states.filter((state) => state.ready).length;
  return { ...kept, nodes: states, nodesReady: `${ready}/${states.length}` };
}

function stateOf({ node, refused, charon, agent }: NodeFacts): NodeState {
  const lack = refused ?? charon ?? agent;
  if (lack === undefined) return { node, ready: true };
  return { node, ready: false, reason: lack.reason, message: lack.message };
}
