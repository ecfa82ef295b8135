import { addChildProblems } from "./child-problems.ts";
import { parseAction } from "../charon/options/action.ts";
import { canonicalExtra } from "../charon/options/extra.ts";
import { connectionExtraProblems } from "../charon/options/extra-problems.ts";
import { labelValueProblem, objectNameProblem } from "../api/names.ts";
import { isSingleHost, remoteAddressProblem } from "../api/remote-address.ts";
import { identityProblem } from "../identity/identity-problem.ts";
import { own } from "../value/own.ts";
import { localAddressProblem } from "../api/local-address.ts";
import { ownPlacementProblems } from "./paths/placement-problems.ts";
import { pathProblems } from "./paths/path-problems.ts";
import { ProblemList } from "./problem-list.ts";
import { problemAt, type Problem } from "../api/result.ts";
import type { IPSecConnection, IPSecConnectionSpec } from "../api/schema/ipsec-connection.ts";
import { secretRefProblems } from "../api/secret-ref-problems.ts";
import { addSiblingProblems } from "./sibling-problems.ts";

/** Every problem of a connection of valid shape, regardless of other connections. */
export function connectionProblems({ metadata, spec }: IPSecConnection): Problem[] {
  const problems = new ProblemList();
  problems.addAll([
    ...problemAt("metadata.name", objectNameProblem(metadata.name)),
    ...problemAt("spec.name", labelValueProblem(spec.name)),
    ...secretRefProblems(spec.secretRef, "spec.secretRef"),
    ...problemAt("spec.localId", identityProblem(spec.localId.trim())),
    ...problemAt("spec.remoteId", identityProblem(spec.remoteId.trim())),
    ...addressProblems(spec),
    ...pathProblems(spec),
    ...ownPlacementProblems(spec, "spec"),
    ...extraProblems(spec),
    ...(spec.allowedNamespaces ?? []).flatMap((name, i) =>
      problemAt(`spec.allowedNamespaces[${i}]`, objectNameProblem(name)),
    ),
  ]);
  const children = Object.entries(spec.children);
  for (const [key, child] of children) addChildProblems(key, child, problems);
  addSiblingProblems(children, problems);
  return problems.toArray();
}

function addressProblems(spec: IPSecConnectionSpec): Problem[] {
  return [
    ...problemAt("spec.remoteAddr", remoteAddressProblem(spec.remoteAddr)),
    ...problemAt("spec.localAddr", localAddressProblem(spec)),
    ...trapProblems(spec),
  ];
}

/** charon installs a trap only for a peer whose address it knows. */
function trapProblems({ remoteAddr, children }: IPSecConnectionSpec): Problem[] {
  if (isSingleHost(remoteAddr)) return [];
  return Object.entries(children)
    .filter(([, { extra = {} }]) => {
      const action = own(canonicalExtra(extra), "start_action");
      return action !== undefined && parseAction(action)?.trap === true;
    })
    .map(([key]) => ({
      path: `spec.children.${key}.extra.start_action`,
      message: `trap needs a remoteAddr that is a single host, and it is "${remoteAddr}": use none`,
    }));
}

function extraProblems(spec: IPSecConnectionSpec): Problem[] {
  return connectionExtraProblems(spec.extra ?? {}).map(({ path, message }) => ({
    path: `spec.extra.${path}`,
    message,
  }));
}
