import { isDeepStrictEqual } from "node:util";
import {
  formatPosition,
  type FilePosition,
  type LocatedManifest,
} from "../../adapters/manifests/located-manifest.ts";
import type { Connection, SecretRef } from "../../model/api/connection.ts";
import { kinds, type Kind, type SourceProblem } from "../../model/api/resource.ts";
import { problemAt, type Problem } from "../../model/api/result.ts";
import { connectionWarnings } from "../../model/validation/connection-warnings.ts";
import {
  desiredState,
  nothingDesired,
  type DesiredState,
} from "../../runtime/desired/desired-state.ts";

/** A problem with its position; the path is empty for a problem of a whole manifest. */
export interface LocatedProblem extends Problem, FilePosition {}

/** The result of `ipman validate`. */
export interface ValidationReport {
  readonly valid: boolean;
  /** The number of objects of each kind. */
  readonly objects: Readonly<Record<Kind, number>>;
  readonly problems: readonly LocatedProblem[];
  /** Legal declarations that are likely a mistake. */
  readonly warnings: readonly LocatedProblem[];
}

/** Checks the manifests together, as a host and the operator would. */
export function checkManifests(manifests: readonly LocatedManifest[]): ValidationReport {
  const resources = manifests.flatMap(({ snapshot }) => snapshot.resources);
  const unread = manifests.flatMap(({ snapshot }) => snapshot.problems);
  const snapshot = { resources, problems: unread };
  const state = desiredState(nothingDesired, snapshot, { severalNodes: true });
  const sources = new Map(resources.map(({ kind, key, source }) => [`${kind} ${key}`, source]));
  const located = (problems: readonly SourceProblem[]) =>
    problems.map((problem) => locate(manifests, problem)).toSorted(byPosition);
  const ofConnections = (find: (connection: Connection) => Problem[]) =>
    [...state.connections.values()].flatMap((connection) => {
      const source = sources.get(`IPSecConnection ${connection.id}`) ?? "";
      return find(connection).map((problem) => ({ ...problem, source }));
    });
  const problems = located([
    ...[...state.problems.values()].flat(),
    ...ofConnections((connection) => keyProblems(connection, state)),
  ]);
  const count = (kind: Kind) => resources.filter((resource) => resource.kind === kind).length;
  return {
    valid: problems.length === 0,
    objects: Object.fromEntries(kinds.map((kind) => [kind, count(kind)])) as Record<Kind, number>,
    problems,
    warnings: located(ofConnections(connectionWarnings)),
  };
}

function keyProblems({ secretRef, paths }: Connection, state: DesiredState): Problem[] {
  return [
    ...problemAt("spec.secretRef.key", keyProblem(secretRef, state)),
    ...paths.flatMap((path, i) =>
      isDeepStrictEqual(path.secretRef, secretRef)
        ? []
        : problemAt(`spec.paths[${i}].secretRef.key`, keyProblem(path.secretRef, state)),
    ),
  ];
}

/**
 * A Secret that is among the manifests must have the key; any other Secret may be in the cluster.
 */
function keyProblem({ name, namespace, key }: SecretRef, { secrets }: DesiredState) {
  const secret = secrets.find(
    ({ metadata }) => metadata.name === name && (metadata.namespace ?? "default") === namespace,
  );
  if (secret === undefined) return undefined;
  const keys = Object.keys({ ...secret.data, ...secret.stringData });
  if (keys.includes(key)) return undefined;
  const known = keys.length === 0 ? "it has none" : `it has ${keys.join(", ")}`;
  return `the Secret ${namespace}/${name} has no key "${key}"; ${known}`;
}

function locate(manifests: readonly LocatedManifest[], problem: SourceProblem): LocatedProblem {
  const { source, path, message } = problem;
  for (const manifest of manifests) {
    const position = manifest.positionOf(problem);
    if (position !== undefined) return { ...position, path, message };
  }
  throw new Error(`${source} is not one of the manifests`);
}

function byPosition(a: LocatedProblem, b: LocatedProblem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

/** A problem as a line: `FILE:LINE:COLUMN: PATH: MESSAGE`. */
export function problemLine(problem: LocatedProblem, severity?: "warning"): string {
  const parts = [formatPosition(problem), severity, problem.path, problem.message];
  return parts.filter(Boolean).join(": ");
}

/** `2 IPSecConnections, 1 Secret: valid` */
export function summaryLine({ valid, objects, problems }: ValidationReport): string {
  const counts = kinds.flatMap((kind) =>
    objects[kind] === 0 ? [] : [counted(objects[kind], titles[kind])],
  );
  const verdict = valid ? "valid" : counted(problems.length, "problem");
  return `${counts.join(", ") || "no objects"}: ${verdict}`;
}

const titles: Readonly<Record<Kind, string>> = {
  IPSecConnection: "connection",
  CharonGroup: "CharonGroup",
  Secret: "Secret",
};

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
