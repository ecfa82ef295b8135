import { objectNameProblem } from "../../api/names.ts";
import { problemAt, type Problem } from "../../api/result.ts";
import type { PathSpec } from "../../api/schema/ipsec-connection.ts";

type DeclaredPlace = Pick<PathSpec, "nodeName" | "groupRef">;

/** The problems of the node and the group of a connection, which has one or the other. */
export function ownPlacementProblems(place: DeclaredPlace, at: string): Problem[] {
  const isDouble = place.nodeName !== undefined && place.groupRef !== undefined;
  const message = "nodeName and groupRef are both set: keep one of them";
  return [
    ...(isDouble ? [{ path: `${at}.nodeName`, message }] : []),
    ...placementProblems(place, at),
  ];
}

/** The problems of the node and the group of a path, whose field is `at`; it may name a node of a group. */
export function placementProblems({ nodeName, groupRef }: DeclaredPlace, at: string): Problem[] {
  const problems: Problem[] = [];
  if (nodeName !== undefined) {
    problems.push(...problemAt(`${at}.nodeName`, objectNameProblem(nodeName)));
  }
  if (groupRef !== undefined) {
    problems.push(
      ...problemAt(`${at}.groupRef.name`, objectNameProblem(groupRef.name)),
      ...problemAt(`${at}.groupRef.namespace`, objectNameProblem(groupRef.namespace)),
    );
  }
  return problems;
}
