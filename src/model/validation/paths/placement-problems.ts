import { objectNameProblem } from "../../api/names.ts";
import { problemAt, type Problem } from "../../api/result.ts";
import type { PathSpec } from "../../api/schema/ipsec-connection.ts";

/** The problems of the node and the group of a connection or of a path, whose field is `at`. */
export function placementProblems(
  { nodeName, groupRef }: Pick<PathSpec, "nodeName" | "groupRef">,
  at: string,
): Problem[] {
  const problems: Problem[] = [];
  if (nodeName !== undefined && groupRef !== undefined) {
    const message = "nodeName and groupRef are both set: keep one of them";
    problems.push({ path: `${at}.nodeName`, message });
  }
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
