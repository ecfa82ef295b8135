import { isObjectName, labelValueProblem } from "../../model/api/names.ts";

/** Names that completion looks up, of what exists at present. */
export interface Names {
  readonly connections: () => Promise<readonly string[]>;
  readonly children: (connection: string) => Promise<readonly string[]>;
  readonly paths: (connection: string) => Promise<readonly string[]>;
  readonly namespaces: () => Promise<readonly string[]>;
}

/** The names that a shell may offer: a refused manifest can have any text as a name. */
export function offeredConnections(names: readonly string[]): string[] {
  return names.filter(isObjectName);
}

/** The keys of children, or the names of paths, that a shell may offer. */
export function offeredParts(names: readonly string[]): string[] {
  return names.filter((name) => name !== "" && labelValueProblem(name) === undefined);
}
