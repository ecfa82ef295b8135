import { objectNameProblem, secretKeyProblem } from "./names.ts";
import { problemAt, type Problem } from "./result.ts";
import type { IPSecConnectionSpec } from "./schema/ipsec-connection.ts";

/** The problems of a reference to a key in a Secret. */
export function secretRefProblems(
  { name, namespace, key }: IPSecConnectionSpec["secretRef"],
  at: string,
): Problem[] {
  return [
    ...problemAt(`${at}.name`, objectNameProblem(name)),
    ...problemAt(`${at}.namespace`, objectNameProblem(namespace)),
    ...problemAt(`${at}.key`, secretKeyProblem(key)),
  ];
}
