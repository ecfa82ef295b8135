import {
  mainNodeOf,
  nodesOfGroup,
  type GroupManifest,
  type Group,
} from "../../../model/api/group.ts";
import type { Problem } from "../../../model/api/result.ts";
import type { DesiredState } from "../../desired/desired-state.ts";

/** A change of a CharonGroup, or a new one. */
export interface GroupChange {
  /** `NAMESPACE/NAME` */
  readonly key: string;
  readonly object: GroupManifest;
  readonly oldObject: GroupManifest | null;
}

/** The field of a CharonGroup that names the node of one of its groups. */
export function fieldOfNode({ nodeName }: Group, { spec }: GroupManifest): string {
  const { nodeNames } = spec ?? {};
  return Array.isArray(nodeNames)
    ? `spec.nodeNames[${nodeNames.indexOf(nodeName)}]`
    : "spec.nodeName";
}

/** The problems of a change of a CharonGroup's nodes. */
export function groupChangeProblems(
  change: GroupChange,
  before: DesiredState,
  after: DesiredState,
): Problem[] {
  return [...mainNodeProblems(change), ...connectionProblems(change, before, after)];
}

/**
 * Another node would get the name and the paths of the node that the group runs on: every tunnel of
 * the group would be negotiated again. Once the status has that node, its place in the list is free.
 */
function mainNodeProblems({ object, oldObject }: GroupChange): Problem[] {
  const main = oldObject === null ? undefined : mainNodeOf(oldObject);
  const isKept = main === undefined || mainNodeOf(object) === main;
  const i = nodesOfGroup(object).findIndex(({ nodeName }) => nodeName === main);
  if (isKept || i < 0) return [];
  const message = `the group runs on ${main}, whose tunnels stay only if it is named first: begin with ${main}; once status.mainNode is set, the nodes can have any order`;
  return [{ path: "spec.nodeNames[0]", message }];
}

/** The most connections that a refusal names. */
const mostNamed = 3;

/** The connections that a change of a group with several nodes would make invalid. */
function connectionProblems(
  { object, oldObject }: GroupChange,
  before: DesiredState,
  after: DesiredState,
): Problem[] {
  const isSeveral = [object, oldObject].some((one) => one !== null && nodesOfGroup(one).length > 1);
  if (!isSeveral) return [];
  const field = Array.isArray(object.spec?.nodeNames) ? "spec.nodeNames" : "spec.nodeName";
  const broken = [...before.connections.keys()].flatMap((id) => {
    const [problem] = before.problems.has(id) ? [] : (after.problems.get(id) ?? []);
    return problem === undefined ? [] : [`${id}: ${problem.path}: ${problem.message}`];
  });
  return broken.slice(0, mostNamed).map((words) => ({
    path: field,
    message: `the change makes an IPSecConnection invalid, ${words}`,
  }));
}
