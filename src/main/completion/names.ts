import { isObjectName, labelValueProblem } from "../../model/api/names.ts";

/** The word before a Service in place of a connection. */
export const serviceWord = "service";

/** Names that completion looks up, of what exists at present. */
export interface Names {
  readonly connections: () => Promise<readonly string[]>;
  readonly children: (connection: string) => Promise<readonly string[]>;
  readonly paths: (connection: string) => Promise<readonly string[]>;
  readonly namespaces: () => Promise<readonly string[]>;
  /** The Services that request something of ipman: `namespace/name`. */
  readonly services: () => Promise<readonly string[]>;
}

/** The names that a shell may offer: a refused manifest can have any text as a name. */
export function offeredConnections(names: readonly string[]): string[] {
  return names.filter(isObjectName);
}

/** The keys of children, or the names of paths, that a shell may offer. */
export function offeredParts(names: readonly string[]): string[] {
  return names.filter((name) => name !== "" && labelValueProblem(name) === undefined);
}

/** The Services that a shell may offer, as `namespace/name`. */
export function offeredServices(names: readonly string[]): string[] {
  return names.filter((name) => {
    const parts = name.split("/");
    return parts.length === 2 && parts.every(isObjectName);
  });
}
