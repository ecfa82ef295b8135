import type { Connection } from "../../model/api/connection.ts";
import { groupPlaceProblems } from "../../model/validation/paths/group-place-problems.ts";
import { connectionFromCr } from "../../model/validation/connection-from-cr.ts";
import { Neighbours, type Scope } from "../../model/validation/cross-problems.ts";
import {
  resourceKey,
  type Resource,
  type Snapshot,
  type SourceProblem,
} from "../../model/api/resource.ts";
import type { ObjectMeta } from "../../model/api/schema/object-meta.ts";
import { charonGroupProblems, secretProblems } from "../../model/validation/object-problems.ts";
import type { Problem, Result } from "../../model/api/result.ts";
import type { CharonGroup } from "../../model/api/schema/charon-group.ts";
import type { Kind } from "../../model/api/resource.ts";
import type { Secret } from "../../model/api/schema/secret.ts";
import type { Prefix } from "../../model/net/prefix.ts";
import { connectionOutside } from "../../model/network/tunnel-routes.ts";
import { keepEqual } from "../../model/value/keep-equal.ts";
import { memo, Memo } from "../../model/value/memo.ts";
import { inGroups, type CharonGroups } from "./in-groups.ts";
import { floatingPlaceProblems, hostProblems, placeProblems } from "./place-problems.ts";

/** The state that valid manifests declare without conflicts. */
export interface DesiredState {
  /** By id. An invalid manifest is represented by its last valid version. */
  readonly connections: ReadonlyMap<string, Connection>;
  readonly secrets: readonly Secret[];
  readonly groups: readonly CharonGroup[];
  /** By connection id; the empty id has the problems of other manifests. */
  readonly problems: ReadonlyMap<string, readonly SourceProblem[]>;
  /** Secrets that cannot be read: `namespace/name` → the cause. */
  readonly unreadable: ReadonlyMap<string, string>;
}

export const nothingDesired: DesiredState = {
  connections: new Map(),
  secrets: [],
  groups: [],
  problems: new Map(),
  unreadable: new Map(),
};

/** The place in which the manifests apply. */
export interface DesiredPlace {
  /** Whether the manifests belong to one host (the default) or to a cluster. */
  readonly scope?: Scope;
  /** Networks that routes leave out, such as those of the cluster; always the same list. */
  readonly outside?: readonly Prefix[];
  /** The group of the agent that reads the manifests; undefined for the operator and on a host. */
  readonly groupId?: string | undefined;
  /** Whether a path may be on another node; by default in a cluster only. */
  readonly severalNodes?: boolean;
}

/** The desired state of a snapshot, after the previous desired state. */
export function desiredState(
  before: DesiredState,
  snapshot: Snapshot,
  place: DesiredPlace = {},
): DesiredState {
  const { scope = "host", outside = nothingOutside, groupId } = place;
  const { severalNodes = scope === "cluster" } = place;
  const problems = new ProblemsByOwner(snapshot.problems);
  const unique = withoutTwins(snapshot.resources, problems);
  const lastGood = snapshot.problems.length > 0;
  const secrets = accepted(unique, before.secrets, {
    kind: "Secret",
    problemsOf: secretProblems,
    problems,
    lastGood,
  });
  const groups = accepted(unique, before.groups, {
    kind: "CharonGroup",
    problemsOf: charonGroupProblems,
    problems,
    lastGood,
  });
  const connections = new Map<string, Connection>();
  const neighbours = new Neighbours(scope);
  const groupOf = new Map(groups.map((group) => [resourceKey("CharonGroup", group), group]));
  const around = { neighbours, groups: groupOf, scope, outside, groupId, severalNodes };
  for (const resource of unique) {
    if (resource.kind !== "IPSecConnection") continue;
    const previous = before.connections.get(resource.key);
    const found = connectionOf(resource, around, problems);
    const connection = found === undefined ? previous : keepEqual(previous, found);
    if (connection === undefined) continue;
    connections.set(resource.key, connection);
    neighbours.add(connection);
  }
  if (lastGood) keepMissing(before.connections, connections);
  const { unreadable = nothingDesired.unreadable } = snapshot;
  return { connections, secrets, groups, problems: problems.byOwner, unreadable };
}

const nothingOutside: readonly Prefix[] = [];

class ProblemsByOwner {
  readonly byOwner = new Map<string, SourceProblem[]>();

  constructor(general: readonly SourceProblem[]) {
    if (general.length > 0) this.byOwner.set("", [...general]);
  }

  add(owner: string, ...problems: SourceProblem[]): void {
    if (problems.length === 0) return;
    const known = this.byOwner.get(owner);
    if (known === undefined) this.byOwner.set(owner, problems);
    else known.push(...problems);
  }
}

/** Keeps the first of several manifests for one object, and reports the others. */
function withoutTwins(resources: readonly Resource[], problems: ProblemsByOwner): Resource[] {
  const first = new Map<string, Resource>();
  for (const resource of resources) {
    const id = `${resource.kind} ${resource.key}`;
    const twin = first.get(id);
    if (twin === undefined) first.set(id, resource);
    else {
      const message = `${resource.kind} ${resource.key} is also declared in ${twin.source}, which takes precedence: remove one of them`;
      const owner = resource.kind === "IPSecConnection" ? resource.key : "";
      problems.add(owner, { source: resource.source, path: "metadata.name", message });
    }
  }
  return [...first.values()];
}

interface Acceptance {
  readonly kind: Kind;
  readonly problemsOf: (document: unknown) => Problem[];
  readonly problems: ProblemsByOwner;
  /** Whether a file cannot be read now, so that any missing manifest may be in it. */
  readonly lastGood: boolean;
}

/** The manifests of a kind; an invalid manifest is represented by its last valid version. */
function accepted<T extends { readonly metadata: ObjectMeta }>(
  resources: readonly Resource[],
  before: readonly T[],
  { kind, problemsOf, problems, lastGood }: Acceptance,
): T[] {
  const known = new Map(before.map((document) => [resourceKey(kind, document) ?? "", document]));
  const found = new Map<string, T>();
  for (const { kind: other, key, source, document } of resources) {
    if (other !== kind) continue;
    const wrong = problemsOf(document);
    problems.add("", ...wrong.map((problem) => ({ ...problem, source })));
    const good = wrong.length === 0 ? (document as T) : known.get(key);
    if (good !== undefined) found.set(key, good);
  }
  if (lastGood) keepMissing(known, found);
  return [...found.values()];
}

function keepMissing<T>(before: ReadonlyMap<string, T>, now: Map<string, T>): void {
  for (const [key, item] of before) if (!now.has(key)) now.set(key, item);
}

const routed = new Memo<Connection, Connection>();

/** The connection, with the networks that its routes leave out. */
function withRoutesAround(connection: Connection, outside: readonly Prefix[]): Connection {
  return routed.of(connection, [outside], () => connectionOutside(connection, outside));
}

/**
 * Parses a manifest. An exception is a defect, and must not prevent reading the other manifests.
 */
const parse = memo((manifest: object): Result<Connection> => {
  try {
    return connectionFromCr(manifest);
  } catch (error) {
    const message = `ipman failed to read this manifest, please report it: ${String(error)}`;
    return { ok: false, problems: [{ path: "", message }] };
  }
});

/** The other manifests that a connection is checked against, and its place. */
interface Around extends Required<DesiredPlace> {
  readonly neighbours: Neighbours;
  readonly groups: CharonGroups;
}

function connectionOf(
  resource: Resource,
  { neighbours, groups, scope, outside, groupId, severalNodes }: Around,
  problems: ProblemsByOwner,
): Connection | undefined {
  const parsed = parse(resource.document as object);
  const connection = parsed.ok
    ? inGroups(withRoutesAround(parsed.value, outside), groups, { groupId, severalNodes })
    : undefined;
  const found =
    connection === undefined
      ? (parsed as { problems: readonly Problem[] }).problems
      : [
          ...(scope === "cluster" ? placeProblems(connection) : []),
          ...(severalNodes && parsed.ok ? groupPlaceProblems(parsed.value, groups) : []),
          ...(severalNodes ? [] : hostProblems(connection)),
          ...floatingPlaceProblems(connection, groups, severalNodes),
          ...neighbours.problemsOf(connection),
        ];
  if (found.length === 0) return connection;
  problems.add(resource.key, ...found.map((problem) => ({ ...problem, source: resource.source })));
  return undefined;
}
