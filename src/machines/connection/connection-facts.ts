import type { Child, Connection } from "../../model/api/connection.ts";
import {
  coldStandby,
  isHere,
  pathConnections,
  tunnelIfIds,
  warmStandby,
  type PathConnection,
} from "../../model/api/path.ts";
import { trapsOnly } from "../../model/charon/vici-message.ts";
import { isUp, type PublicState } from "../../model/status/public-state.ts";
import type { FailoverEvent, PathDeclaration } from "../failover/failover-types.ts";
import { memo } from "../../model/value/memo.ts";
import type { Tunnel } from "../gateway/gateway-types.ts";
import { carries } from "./handover.ts";
import { readyElsewhere, stateElsewhere, upElsewhere } from "./elsewhere.ts";
import { lacksChildAlone } from "../path/childless.ts";
import { pathChange } from "../path/path-change.ts";
import {
  failoverId,
  type ConnectionContext,
  type ConnectionEvent,
  type PathKey,
} from "./connection-types.ts";

/** The state of a missing key. */
export const noKey: PathKey = { secretRevision: undefined, keyFailure: undefined };

/** The actor that chooses; it waits for charon's list of SAs unless the paths are dialled already. */
export function failoverOf({
  connection,
  dials,
  choice: { up, peersKnown },
}: Pick<ConnectionContext, "connection" | "dials" | "choice">) {
  return {
    id: failoverId,
    input: { ...declarationOf(connection), up, charonReady: dials, peersKnown },
  } as const;
}

/** The declared paths as the actor that chooses needs them. */
export function declarationOf({ paths, failover: settings, here }: Connection): PathDeclaration {
  const warm = paths.filter(({ standby }) => standby !== "cold");
  const namesOf = (some: Connection["paths"]) => some.map(({ name }) => name);
  return { paths: namesOf(paths), warm: namesOf(warm), settings, here };
}

/** The events that report a difference between two lists of paths: those that left it come first. */
export function changesOf<Came extends PathNotice, Went extends PathNotice>(
  before: readonly string[],
  now: readonly string[],
  [came, went]: readonly [Came, Went],
) {
  return [
    ...before.filter((path) => !now.includes(path)).map((path) => ({ type: went, path })),
    ...now.filter((path) => !before.includes(path)).map((path) => ({ type: came, path })),
  ];
}

type PathNotice = Extract<FailoverEvent, { readonly path: string }>["type"];

/**
 * The paths with an IKE SA whose peer answers, and those that lack it only since it would have no CHILD
 * SA.
 */
export function pathsReady(context: ChoosingContext): string[] {
  const { paths, choice } = context;
  return paths
    .filter(({ path }) => !choice.silent.includes(path))
    .filter(({ state, failure }) => isUp(state) || lacksChildAlone(failure))
    .map(({ path }) => path)
    .concat(readyElsewhere(context));
}

type ChoosingContext = Pick<ConnectionContext, "connection" | "paths" | "active" | "choice">;

/**
 * The paths that can carry the traffic: the active one if it carries that of a child, and each other
 * path that carries that of the same children and whose peer answers. While the active one is elsewhere: those that carry that
 * of all children, or have carried that of some for a moment.
 */
export function pathsUp(context: ChoosingContext): string[] {
  const { connection, paths, active } = context;
  const { settled, silent } = context.choice;
  const needed = isHere(connection, active)
    ? (paths.find(({ path }) => path === active)?.carried ?? [])
    : connection.children.map(({ key }) => key);
  const isSettled = (path: string) => !isHere(connection, active) && settled.includes(path);
  return paths
    .filter(({ path }) => path === active || !silent.includes(path))
    .filter(
      ({ path, carried }) =>
        carried.length > 0 && (isSettled(path) || needed.every((key) => carried.includes(key))),
    )
    .map(({ path }) => path)
    .concat(upElsewhere(context));
}

/** The state of a key that an event reports; undefined if the key before stays in use. */
export function keyIn(event: ConnectionEvent): PathKey | undefined {
  if (event.type === "secret.changed")
    return { secretRevision: event.revision, keyFailure: undefined };
  if (event.type === "secret.refused")
    return { secretRevision: undefined, keyFailure: event.failure };
  return event.type === "secret.missing" && event.unreadable !== true ? noKey : undefined;
}

export function ofDeclared(keys: ConnectionContext["keys"], paths: readonly string[]) {
  return Object.fromEntries(Object.entries(keys).filter(([path]) => paths.includes(path)));
}

export function settlingId(path: string): string {
  return `settling ${path}`;
}

export function partingId(path: string): string {
  return `parting ${path}`;
}

/** Whether a declaration replaces SAs of the active path. */
export function isReplaced(context: ConnectionContext, next: Chosen): boolean {
  const activeOf = (chosen: Chosen) =>
    pathsOf(chosen).find(({ path }) => path === next.active)?.connection;
  const [before, after] = [activeOf(context), activeOf(next)];
  if (before === undefined || after === undefined) return false;
  const { ike, kept } = pathChange(before, after);
  return ike || kept.some(({ replaces }) => replaces);
}

type Chosen = Pick<ConnectionContext, "connection" | "active" | "dialled" | "dials">;

/** The paths as charon gets them: one that was not chosen stands by in the way that is declared. */
export function pathsOf(chosen: Chosen): readonly PathConnection[] {
  return pathConnections(chosen.connection).map((one) => ({
    ...one,
    connection: asChosen(one, chosen),
  }));
}

function asChosen(one: PathConnection, chosen: Chosen): Connection {
  if (!isChosen(chosen, one.path)) return standingBy(one, chosen);
  return one.path === chosen.active ? one.connection : withoutTraffic(one.connection);
}

/** A path that is to take over gets no traffic yet, which otherwise may bring up its children. */
const withoutTraffic = memo((connection: Connection): Connection =>
  connection.children.some(trapsOnly)
    ? {
        ...connection,
        children: connection.children.map((child) =>
          trapsOnly(child) ? { ...child, initiates: true } : child,
        ),
      }
    : connection,
);

function standingBy({ connection, standby }: PathConnection, { dials }: Chosen): Connection {
  if (!dials || standby === "cold") return coldStandby(connection);
  return standby === "warm" ? warmStandby(connection) : connection;
}

/** The SAs that end by another declaration: a standby that is to have less than before. */
export function endsBy(
  before: Chosen,
  after: Chosen,
  path: string,
): "all" | "children" | undefined {
  if (isChosen(before, path) || isChosen(after, path)) return undefined;
  const kindBy = ({ connection }: Chosen) =>
    pathConnections(connection).find((one) => one.path === path)?.standby;
  const [was, is] = [kindBy(before), kindBy(after)];
  if (was === undefined || was === is) return undefined;
  if (is === "cold") return "all";
  return was === "hot" ? "children" : undefined;
}

export function isChosen({ active, dialled, dials }: Chosen, path: string): boolean {
  return dials && (path === active || path === dialled);
}

/** The event that reports the verdict of the probes about the active path. */
export function verdictOf(answered: boolean | undefined) {
  if (answered === undefined) return "path.unjudged";
  return answered ? "path.answers" : "path.silent";
}

/** The paths that charon gets in another form after a choice. */
export function changedPaths(context: ConnectionContext, next: Chosen): readonly PathConnection[] {
  const before = new Map(pathsOf(context).map(({ path, connection }) => [path, connection]));
  return pathsOf(next).filter(
    ({ path, connection }) => before.get(path) !== connection && hasPath(context, path),
  );
}

/**
 * The same after a decision, with the path that was awaited: it may have been left to get its form after
 * the gateways have announced themselves.
 */
export function dialledPaths(
  context: ConnectionContext,
  next: Chosen & Pick<ConnectionContext, "choice">,
): readonly PathConnection[] {
  const changed = changedPaths(context, next);
  const { awaited } = context.choice;
  if (awaited === undefined || awaited === next.choice.awaited) return changed;
  if (!isChosen(next, awaited) || changed.some(({ path }) => path === awaited)) return changed;
  return [
    ...changed,
    ...pathsOf(next).filter(({ path }) => path === awaited && hasPath(context, path)),
  ];
}

/** The public state of the active path. */
export function activeState(context: ChoosingContext): PublicState | undefined {
  const { connection, paths, active } = context;
  return isHere(connection, active)
    ? paths.find(({ path }) => path === active)?.state
    : stateElsewhere(context, active);
}

/**
 * The paths that have CHILD SAs from an earlier time, and stand by without them: each rekey of one
 * would attract the peer's traffic, which another group has now.
 */
export function staleStandbys(context: ConnectionContext, next: Chosen): readonly string[] {
  if (context.dials || !next.dials || next.connection.here === undefined) return [];
  return pathsOf(next)
    .filter(({ path, standby }) => !isChosen(next, path) && standby !== "hot")
    .map(({ path }) => path)
    .filter((path) => context.paths.some((one) => one.path === path && one.carried.length > 0));
}

/** A declared path that has an actor, as charon gets it. */
export function runningPath(
  context: ConnectionContext,
  name: string | undefined,
): PathConnection | undefined {
  return pathsOf(context).find(({ path }) => path === name && hasPath(context, path));
}

export function hasPath({ paths }: Pick<ConnectionContext, "paths">, name: string): boolean {
  return paths.some(({ path }) => path === name);
}

/** The declared children that have a gateway. */
export function childrenWithGateway({
  connection,
  gateways,
}: Pick<ConnectionContext, "connection" | "gateways">): readonly Child[] {
  return connection.children.filter(({ key }) => gateways.includes(key));
}

/** The path here into which the gateways lead what they receive; the active one, if it is here. */
export function viaOf({
  connection,
  active,
  dialled,
  via,
}: Pick<ConnectionContext, "connection" | "active" | "dialled"> & { readonly via?: string }) {
  const names = pathConnections(connection).map(({ path }) => path);
  const wanted = [active, dialled, via].find((path) => path !== undefined && names.includes(path));
  return wanted ?? names[0] ?? active;
}

/** Whether two choices differ for the gateways: by the path that they use, or whether they carry. */
export function movesGateways(before: Routed, after: Routed): boolean {
  return before.via !== after.via || carries(before) !== carries(after);
}

type Routed = Pick<ConnectionContext, "connection" | "active" | "choice" | "via">;

/** The parameters of a child's tunnel by the path of the gateways, if it has had one. */
export function tunnelOf({ via, tunnels }: ConnectionContext, key: string): Tunnel | undefined {
  return tunnels.find(({ path, child }) => path === via && child === key)?.tunnel;
}

/** The tunnels except that of a child by a path. */
export function tunnelsWithout(
  tunnels: ConnectionContext["tunnels"],
  { path, child }: { readonly path: string; readonly child: string },
) {
  return tunnels.filter((one) => one.path !== path || one.child !== child);
}

/** The if_ids of a child's tunnels, that of the path of the gateways first. */
export function ifIdsOf(
  { connection, via }: Pick<ConnectionContext, "connection" | "via">,
  key: string,
) {
  const names = pathConnections(connection).map(({ path }) => path);
  const ifIds = tunnelIfIds(connection, key);
  const first = ifIds[names.indexOf(via)] as number;
  return [first, ...ifIds.filter((ifId) => ifId !== first)];
}

/** `gateway.net` in `xstate.done.actor.gateway.net`. */
export function idIn(type: string): string {
  return type.replace(/^xstate\.done\.actor\./, "");
}
