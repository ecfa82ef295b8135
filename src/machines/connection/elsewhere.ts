import { isDeepStrictEqual } from "node:util";
import type { ConnectionBeat, PathBeat } from "../../model/beats/beat.ts";
import type { Connection } from "../../model/api/connection.ts";
import { groupIdOfPath, groupIdsOf } from "../../model/api/group.ts";
import { leads, pathNames, pathsElsewhere } from "../../model/api/path.ts";
import type { PublicState } from "../../model/status/public-state.ts";
import type { HeardDecision } from "../failover/failover-types.ts";
import type { ConnectionContext, ConnectionEvent, PathView } from "./connection-types.ts";
import type { HeardGroup, HeardGroups, PathChoice } from "./path-choice.ts";

/** The paths of other groups as they reported them. */
interface Elsewhere extends Pick<ConnectionContext, "connection"> {
  readonly choice: Pick<PathChoice, "groups">;
}

type BeatHeard = Extract<ConnectionEvent, { type: "beat.heard" }>;

const unheard: HeardGroup = { beat: undefined, absent: false };

/** Whether a report concerns the connection and differs from the last one of its group. */
export function isNewBeat(context: Elsewhere, event: ConnectionEvent): boolean {
  if (event.type !== "beat.heard") return false;
  const { connection, choice } = context;
  return (
    event.beat.connection === connection.id &&
    pathsOfGroup(connection, event.group).length > 0 &&
    !isDeepStrictEqual(choice.groups[event.group]?.beat, event.beat)
  );
}

/** The groups after an event about one of them. */
export function groupsAfter(groups: HeardGroups, event: ConnectionEvent): HeardGroups {
  if (!("group" in event)) return groups;
  const known = groups[event.group] ?? unheard;
  const next =
    event.type === "beat.heard"
      ? { ...known, beat: event.beat }
      : event.type === "group.absent"
        ? { beat: undefined, absent: true }
        : { ...known, absent: false };
  return { ...groups, [event.group]: next };
}

/**
 * Whether the gateways of another group may have attracted the workers since: its agent is heard for
 * the first time or again, or reports that it leads or leads no more. Its decision is not later than the
 * present one, which would end what is announced here.
 */
export function mayAttract({ groups, epoch }: PathChoice, event: ConnectionEvent): boolean {
  if (event.type !== "beat.heard" || event.beat.epoch > epoch) return false;
  return groups[event.group]?.beat?.leading !== event.beat.leading;
}

/** The groups that still have paths of the connection. */
export function groupsDeclared(groups: HeardGroups, connection: Connection): HeardGroups {
  const declared = groupIdsOf(connection);
  if (Object.keys(groups).every((id) => declared.includes(id))) return groups;
  return Object.fromEntries(Object.entries(groups).filter(([id]) => declared.includes(id)));
}

/** The paths of absent groups. */
export function pathsAbsent({ connection, choice }: Elsewhere): string[] {
  return pathsElsewhere(connection).filter(
    (path) => groupOf(connection, choice.groups, path).absent,
  );
}

/** The paths of groups that leave, here and elsewhere; none if this group has all paths. */
export function pathsLeaving({
  connection,
  choice: { groups, leaves },
}: Pick<ConnectionContext, "connection" | "choice">): string[] {
  const elsewhere = pathsElsewhere(connection);
  if (elsewhere.length === 0) return [];
  return pathNames(connection).filter((path) =>
    elsewhere.includes(path) ? groupOf(connection, groups, path).beat?.leaving === true : leaves,
  );
}

/** The paths elsewhere that can carry the traffic. */
export function upElsewhere(context: Elsewhere): string[] {
  return pathsElsewhere(context.connection).filter((path) => reportOf(context, path)?.up);
}

/** The paths elsewhere with an IKE SA. */
export function readyElsewhere(context: Elsewhere): string[] {
  return pathsElsewhere(context.connection).filter((path) => reportOf(context, path)?.ready);
}

/** The paths whose last attempt failed since the report before. */
export function failedSince(context: Elsewhere, { group, beat }: BeatHeard): string[] {
  return pathsOfGroup(context.connection, group).filter((path) => {
    const isFailed = beat.paths.some((report) => report.path === path && report.failed);
    return isFailed && reportOf(context, path)?.failed !== true;
  });
}

/** The public state of a path elsewhere, as its agent reports it. */
export function stateElsewhere(context: Elsewhere, path: string): PublicState {
  const report = reportOf(context, path);
  if (report === undefined) return "pending";
  if (report.up || report.ready) return "established";
  return report.failed ? "failed" : "negotiating";
}

/** The decision that a group reported last, for the actor that chooses. */
export function decisionOf(
  { connection, choice }: Elsewhere,
  group: string,
): HeardDecision | undefined {
  const beat = choice.groups[group]?.beat;
  if (beat === undefined) return undefined;
  const { epoch, active, dialled, cause, leading } = beat;
  const from = pathsOfGroup(connection, group);
  return { type: "decision.heard", epoch, active, dialled, cause, leading, from };
}

/** The report of this agent about a connection; undefined if no other group has paths of it. */
export function beatOf(context: ConnectionContext): ConnectionBeat | undefined {
  const { connection, active, dialled, chosen } = context;
  const { epoch, cause, leaves } = context.choice;
  if (pathsElsewhere(connection).length === 0) return undefined;
  const leading = chosen && epoch > 0 && leads(connection, active);
  const paths = context.paths
    .filter(({ path }) => pathNames(connection).includes(path))
    .map((view) => pathBeatOf(context, view));
  return {
    connection: connection.id,
    epoch,
    active,
    dialled,
    cause,
    leading,
    leaving: leaves,
    paths,
  };
}

/** Without a gateway here, nothing leads into a path: other agents must not choose it as a standby. */
function pathBeatOf(context: ConnectionContext, { path, state }: PathView): PathBeat {
  const { up, ready } = context.choice;
  const isServed = hasGateways(context);
  return {
    path,
    ready: isServed && ready.includes(path),
    up: isServed && up.includes(path),
    failed: state === "failed",
  };
}

/** Whether a child has a gateway here; one that lacks it alone does not keep the others from a path. */
function hasGateways({ connection, endpoints }: ConnectionContext): boolean {
  return connection.children.some(({ key }) => endpoints.get(key)?.gateway !== undefined);
}

function reportOf({ connection, choice }: Elsewhere, path: string): PathBeat | undefined {
  const { beat, absent } = groupOf(connection, choice.groups, path);
  return absent ? undefined : beat?.paths.find((report) => report.path === path);
}

function groupOf(connection: Connection, groups: HeardGroups, path: string): HeardGroup {
  const id = groupIdOfPath(connection, path);
  return (id === undefined ? undefined : groups[id]) ?? unheard;
}

/** The paths of another group: a report about any other path is not its agent's to make. */
function pathsOfGroup(connection: Connection, group: string): string[] {
  return pathsElsewhere(connection).filter((path) => groupIdOfPath(connection, path) === group);
}
