import { frontendProblems } from "../frontend/frontend-problems.ts";
import { linkNameProblem, objectNameProblem, secretKeyProblem } from "../api/names.ts";
import { ProblemList } from "./problem-list.ts";
import { problemAt, type Problem } from "../api/result.ts";
import type { CharonGroup } from "../api/schema/charon-group.ts";
import type { Secret } from "../api/schema/secret.ts";
import { schemaProblems } from "./schema-problems.ts";

/** Every problem of a CharonGroup. */
export function charonGroupProblems(document: unknown): Problem[] {
  const ofShape = schemaProblems("CharonGroup", document);
  if (ofShape.length > 0) return ofShape;
  const { metadata, spec } = document as CharonGroup;
  const { interfaceName } = spec;
  return [
    ...problemAt("metadata.name", objectNameProblem(metadata.name)),
    ...problemAt("spec.nodeName", objectNameProblem(spec.nodeName)),
    ...frontendProblems(spec),
    ...(interfaceName ? problemAt("spec.interfaceName", linkNameProblem(interfaceName)) : []),
  ];
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
