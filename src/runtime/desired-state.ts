import type { Connection } from "../model/connection.ts";
import { connectionFromCr } from "../model/connection-from-cr.ts";
import { crossProblems } from "../model/cross-problems.ts";
import type { Resource, Snapshot, SourceProblem } from "../model/resource.ts";
import { schemaProblems } from "../model/schema-problems.ts";
import type { Secret } from "../model/schema/secret.ts";

/** What is to be, as far as the documents say so without contradiction. */
export interface DesiredState {
  /** By id; where a document has problems, the last good version of it. */
  readonly connections: ReadonlyMap<string, Connection>;
  readonly secrets: readonly Secret[];
  /** By connection id; the empty id holds those that belong to no connection. */
  readonly problems: ReadonlyMap<string, readonly SourceProblem[]>;
}

export const nothingDesired: DesiredState = {
  connections: new Map(),
  secrets: [],
  problems: new Map(),
};

/** The state that a snapshot asks for, after `before`. */
export function desiredState(before: DesiredState, snapshot: Snapshot): DesiredState {
  const problems = new Problems(snapshot.problems);
  const unique = withoutTwins(snapshot.resources, problems);
  const secrets = unique
    .filter(({ kind }) => kind === "Secret")
    .flatMap((r) => secretOf(r, problems));
  const connections = new Map<string, Connection>();
  for (const resource of unique) {
    if (resource.kind !== "IPSecConnection") continue;
    const previous = before.connections.get(resource.key);
    const connection = connectionOf(resource, [...connections.values()], problems) ?? previous;
    if (connection !== undefined) connections.set(resource.key, reuse(previous, connection));
  }
  keepUnreadable(before, snapshot, connections);
  return { connections, secrets, problems: problems.byOwner };
}

class Problems {
  readonly byOwner = new Map<string, SourceProblem[]>();

  constructor(general: readonly SourceProblem[]) {
    if (general.length > 0) this.byOwner.set("", [...general]);
  }

  add(owner: string, ...problems: SourceProblem[]): void {
    this.byOwner.set(owner, [...(this.byOwner.get(owner) ?? []), ...problems]);
  }
}

/** Of two documents for one object neither can be preferred: the first is shown, both are told. */
function withoutTwins(resources: readonly Resource[], problems: Problems): Resource[] {
  const first = new Map<string, Resource>();
  for (const resource of resources) {
    const id = `${resource.kind} ${resource.key}`;
    const twin = first.get(id);
    if (twin === undefined) first.set(id, resource);
    else {
      const message = `${resource.kind} ${resource.key} is declared in ${twin.source} as well; that one counts`;
      const owner = resource.kind === "IPSecConnection" ? resource.key : "";
      problems.add(owner, { source: resource.source, path: "metadata.name", message });
    }
  }
  return [...first.values()];
}

function secretOf(resource: Resource, problems: Problems): Secret[] {
  const found = schemaProblems("Secret", resource.document);
  if (found.length === 0) return [resource.document as Secret];
  problems.add("", ...found.map((problem) => ({ ...problem, source: resource.source })));
  return [];
}

function connectionOf(
  resource: Resource,
  others: readonly Connection[],
  problems: Problems,
): Connection | undefined {
  const parsed = connectionFromCr(resource.document);
  const found = parsed.ok ? crossProblems(parsed.value, others) : parsed.problems;
  if (parsed.ok && found.length === 0) return parsed.value;
  problems.add(resource.key, ...found.map((problem) => ({ ...problem, source: resource.source })));
  return undefined;
}

/** The same object where nothing changed, so that a comparison is cheap. */
function reuse(previous: Connection | undefined, next: Connection): Connection {
  return previous !== undefined && key(previous) === key(next) ? previous : next;
}

function key(connection: Connection): string {
  return JSON.stringify(connection, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
}

/** A file that is no YAML at present may hold any of what it held before. */
function keepUnreadable(
  before: DesiredState,
  snapshot: Snapshot,
  connections: Map<string, Connection>,
): void {
  if (snapshot.problems.length === 0) return;
  for (const [id, connection] of before.connections) {
    if (!connections.has(id)) connections.set(id, connection);
  }
}
