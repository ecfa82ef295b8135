import { formatBytes } from "../../model/text/bytes.ts";
import { formatDuration } from "../../model/text/duration.ts";
import { pathLabel } from "../../runtime/inspector/actor-title.ts";
import type { ActorMessage } from "../../runtime/inspector/wire.ts";
import type { Dated } from "../../runtime/status/dated-status.ts";
import type { ChildTraffic, StatusReport } from "../../runtime/status/report.ts";
import { childTrouble } from "../../model/status/child-trouble.ts";
import { mainPath } from "../../model/api/path.ts";
import type {
  ChildStatus,
  ConnectionStatus,
  LastSwitch,
  PathStatus,
} from "../../model/status/status.ts";
import type { Condition } from "../../model/status/condition.ts";
import type { ConditionType } from "../../model/status/condition-types.ts";
import type { ChildSa, IkeSa } from "../../model/charon/sa.ts";
import { styled, styledState } from "./style.ts";

/** A connection with its traffic and actors. */
export interface Described extends Dated {
  readonly connection: ConnectionStatus;
  readonly traffic: StatusReport["traffic"];
  /** As an inspector receives them: the fields that may be shown. */
  readonly actors: readonly ActorMessage[];
}

/** The facts of a child beside its status. */
interface DescribedChild {
  readonly traffic: ChildTraffic | undefined;
  readonly sas: readonly ChildSa[];
  readonly gateway: ActorMessage | undefined;
  readonly now: number;
}

/** Formats a connection as lines of text. */
export function describeLines({ at: now, connection, traffic, actors }: Described): string[] {
  const titled = (title: string) => actors.find((actor) => actor.title === title);
  const titleOf = (path: string) => `${connection.id} ${pathLabel(path)}`;
  const ikeRows = (path: string) =>
    (listIn(titled(titleOf(path)), "ikeSas") as IkeSa[]).map((sa) => row("IKE SA", ikeText(sa)));
  const { paths = [], lastSwitch } = connection;
  const active = activePathOf(connection);
  return [
    styled("bold", connection.id),
    row("state", stateOf(connection, now)),
    row("peer", connection.remote),
    ...addressRows(connection),
    ...(paths.length === 0 ? ikeRows(mainPath) : []),
    ...paths.flatMap((one) => [row("path", pathText(one, now)), ...ikeRows(one.name)]),
    ...(lastSwitch === undefined ? [] : [row("switch", switchText(lastSwitch, active, now))]),
    ...connection.conditions.map(conditionLine),
    ...connection.children.flatMap((child) => [
      "",
      ...childLines(child, {
        traffic: traffic[`${connection.id}/${child.key}`],
        sas: childSas({ connection, actors }, child.key),
        gateway: titled(`${connection.id}/${child.key} gateway`),
        now,
      }),
    ]),
  ];
}

/** The CHILD SAs of a child on the active path. */
export function childSas(
  { connection, actors }: Pick<Described, "connection" | "actors">,
  key: string,
): readonly ChildSa[] {
  const active = activePathOf(connection);
  // The titles of children name the path unless it is the main one.
  const above = active === mainPath ? connection.id : `${connection.id} ${pathLabel(active)}`;
  const actor = actors.find(({ title }) => title === `${above}/${key}`);
  return listIn(actor, "sas") as ChildSa[];
}

function addressRows({ floatingAddress: floating }: ConnectionStatus): string[] {
  if (floating === undefined) return [];
  return [row("address", `${floating.address} ${floating.held ? "on" : "not on"} this node`)];
}

function childLines(child: ChildStatus, { traffic, sas, gateway, now }: DescribedChild): string[] {
  const netns = gateway?.snapshot?.context["netns"] as string | undefined;
  return [
    styled("bold", `child ${child.key}`),
    row("state", stateOf({ ...child, failure: childTrouble(child) }, now)),
    ...sas.map((sa) => row("CHILD SA", childText(sa))),
    ...(traffic === undefined ? [] : [row("traffic", trafficText(traffic))]),
    row("gateway", `${styledState(child.gateway)}${netns === undefined ? "" : ` in ${netns}`}`),
    ...(child.nat ?? []).map((line) => row("nat", line)),
    ...(child.knownSelectors === undefined
      ? []
      : [row("nat", `workers know the networks as ${child.knownSelectors}`)]),
    ...child.workers.map(({ id, address }) => row("worker", `${address}  ${id}`)),
    ...serviceRows(child),
    ...(child.reachability === undefined ? [] : [row("probe", child.reachability)]),
    ...child.conditions.map(conditionLine),
  ];
}

/** The ports of Services: what the partner reaches, and what leads to the partner. */
function serviceRows({ services }: ChildStatus): string[] {
  const { exposed = [], remote = [] } = services ?? {};
  return [
    ...exposed.map(({ service, transport, address, backends }) => {
      const endpoints = `${backends} ${backends === 1 ? "endpoint" : "endpoints"}`;
      return `${address} ${transport}  ${service} to ${endpoints}`;
    }),
    ...remote.map(
      ({ service, transport, gatewayPort, source, hosts }) =>
        `gateway port ${gatewayPort} ${transport}  ${service} to ${hosts.join(" ")} from ${source}`,
    ),
  ].map((text) => row("service", text));
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(10)}${text}`;
}

type Stated = Pick<ChildStatus, "state" | "since" | "failure">;

function stateOf({ state, since, failure }: Stated, now: number): string {
  const time = since === 0 ? "" : ` for ${formatDuration(now - since)}`;
  const cause = failure === undefined ? "" : `: ${failure.reason}: ${failure.message}`;
  return `${styledState(state)}${time}${cause}`;
}

function activePathOf({ paths = [] }: ConnectionStatus): string {
  return paths.find(({ role }) => role === "active")?.name ?? mainPath;
}

function pathText(path: PathStatus, now: number): string {
  const { name, role, standby, remote, node } = path;
  const kind = role === "standby" ? `${standby} standby` : role;
  const place = node === undefined ? "" : ` from ${node}`;
  return `${name}${place} to ${remote}, ${kind}, ${stateOf(path, now)}`;
}

function switchText({ from, cause, since }: LastSwitch, to: string, now: number): string {
  return `from ${from} to ${to} ${formatDuration(now - since)} ago: ${cause}`;
}

function ikeText(sa: IkeSa): string {
  const { uniqueId, state, localId, localHost, remoteId, remoteHost, keyExchange } = sa;
  const end = (id: string | undefined, host: string) => `${id ?? "?"} at ${host}`;
  const ends = `${end(localId, localHost)} with ${end(remoteId, remoteHost)}`;
  return `#${uniqueId} ${state}, ${ends}${keyExchange === undefined ? "" : `, ${keyExchange}`}`;
}

function childText(sa: ChildSa): string {
  const algorithms = [sa.encryption, sa.integrity, sa.keyExchange].filter(Boolean).join("/");
  const networks = `${sa.localSelectors.join(" ")} with ${sa.remoteSelectors.join(" ")}`;
  return `#${sa.uniqueId} ${sa.state}, ${networks}, ${algorithms}${sa.encapsulated ? ", in UDP" : ""}`;
}

function trafficText({ bytesIn, bytesOut, idleIn }: ChildTraffic): string {
  const last = bytesIn === 0 ? "" : `, the last ${formatDuration(idleIn)} ago`;
  return `${formatBytes(bytesIn)} in${last}; ${formatBytes(bytesOut)} out`;
}

/** The types of conditions that report a problem by being true. */
const badConditions: ReadonlySet<ConditionType> = new Set<ConditionType>([
  "Differs",
  "NearLimit",
  "PartlyRouted",
  "RekeyRefused",
  "Reconciling",
  "Stalled",
]);

function conditionLine({ type, status, reason, message }: Condition): string {
  const mark = status === "True" ? styled("green", "✓") : styled("red", "✗");
  const isBad = badConditions.has(type) || status === "Unknown";
  const shown = isBad ? styled("yellow", "!") : mark;
  return `  ${shown} ${type.padEnd(14)} ${reason === type ? "" : `${reason}: `}${message}`;
}

function listIn(actor: ActorMessage | undefined, field: string): unknown[] {
  return (actor?.snapshot?.context[field] ?? []) as unknown[];
}
