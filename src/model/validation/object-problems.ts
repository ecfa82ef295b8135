import { frontendProblems } from "../frontend/frontend-problems.ts";
import { linkNameProblem, objectNameProblem, secretKeyProblem } from "../api/names.ts";
import { ProblemList } from "./problem-list.ts";
import { problemAt, type Problem } from "../api/result.ts";
import type { CharonGroup, CharonGroupSpec } from "../api/schema/charon-group.ts";
import type { Secret } from "../api/schema/secret.ts";
import { schemaProblems } from "./schema-problems.ts";

/** Every problem of a CharonGroup. */
export function charonGroupProblems(document: unknown): Problem[] {
  const ofShape = schemaProblems("CharonGroup", document);
  if (ofShape.length > 0) return ofShape;
  const { metadata, spec } = document as CharonGroup;
  const { interfaceName, nodeName, nodeNames } = spec;
  return [
    ...problemAt("metadata.name", objectNameProblem(metadata.name)),
    ...(nodeName === undefined ? [] : problemAt("spec.nodeName", objectNameProblem(nodeName))),
    ...nodeNamesProblems(spec),
    ...(nodeNames ?? []).flatMap((name, i) =>
      problemAt(`spec.nodeNames[${i}]`, nodeProblem(name, i, nodeNames ?? [])),
    ),
    ...frontendProblems(spec),
    ...(interfaceName ? problemAt("spec.interfaceName", linkNameProblem(interfaceName)) : []),
  ];
}

function nodeNamesProblems({ nodeName, nodeNames }: CharonGroupSpec): Problem[] {
  if (nodeName === undefined && nodeNames === undefined) {
    const message = "is required, or nodeNames is: set one of them to choose where charon runs";
    return [{ path: "spec.nodeName", message }];
  }
  if (nodeName === undefined || nodeNames === undefined) return [];
  const message = "nodeName and nodeNames are both set: keep one of them";
  return [{ path: "spec.nodeNames", message }];
}

function nodeProblem(name: string, i: number, names: readonly string[]): string | undefined {
  const first = names.indexOf(name);
  return first < i
    ? `"${name}" is also nodeNames[${first}]: name each node once`
    : objectNameProblem(name);
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Every problem of a Secret. No message contains a value. */
export function secretProblems(document: unknown): Problem[] {
  const ofShape = schemaProblems("Secret", document);
  if (ofShape.length > 0) return ofShape;
  const { metadata, data = {}, stringData = {} } = document as Secret;
  const problems = new ProblemList();
  problems.add("metadata.name", objectNameProblem(metadata.name));
  for (const key in data) problems.add(`data.${key}`, secretKeyProblem(key));
  for (const key in stringData) problems.add(`stringData.${key}`, secretKeyProblem(key));
  for (const [key, value] of Object.entries(data)) {
    if (base64.test(value.replace(/\s/g, ""))) continue;
    const message = "is not base64: encode the value, or put the plain value under stringData";
    problems.add(`data.${key}`, message);
  }
  return problems.toArray();
}
