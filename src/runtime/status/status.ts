import type { GatewaySnapshot } from "../../machines/gateway/gateway.ts";
import type { ConnectionSnapshot } from "../../machines/connection/connection.ts";
import type { ChildSnapshot } from "../../machines/child/child.ts";
import type { Connection } from "../../model/api/connection.ts";
import type { Worker } from "../../model/network/endpoint.ts";
import { natLines, selectorsAsKnown } from "../../model/translation/child-nat.ts";
import { unroutedText } from "../../model/network/tunnel-routes.ts";
import type { Failure } from "../../model/status/failure.ts";
import { type PublicState, publicStateOf } from "../../model/status/public-state.ts";
import { isEstablished, isInstalled } from "../../model/charon/sa.ts";
import { formatPrefix } from "../../model/net/prefix.ts";
import type { SourceProblem } from "../../model/api/resource.ts";
import type {
  ChildStatus,
  ConnectionStatus,
  FloatingAddressStatus,
  Reachability,
  Status,
} from "../../model/status/status.ts";
import {
  childConditionsOf,
  conditionsHere,
  conditionsOf,
  specFailure,
  type ConnectionFacts,
} from "../conditions/conditions.ts";
import { beatOf, stateElsewhere } from "../../machines/connection/elsewhere.ts";
import { isHere } from "../../model/api/path.ts";
import { machinesBelow } from "../actors/machines-below.ts";
import {
  activeConnection,
  childSnapshotOf,
  gatewaySnapshotOf,
  pathSnapshotOf,
} from "../actors/snapshots.ts";
import { servicesStatus } from "./services-status.ts";
import { pathStatuses } from "./path-status.ts";
import { sinceWhen } from "./since.ts";
import { Memo } from "../../model/value/memo.ts";
import { stateName, topState } from "../actors/state-name.ts";
import type { Running } from "../ports/running.ts";

const none: readonly SourceProblem[] = [];

/** The status of each root actor: the same object until something about the connection changes. */
const statuses = new Memo<object, ConnectionStatus>();

/** The parts of a running supervisor that a status is made of. */
export type StatusSource = Pick<
  Running,
  | "desired"
  | "roots"
  | "charonSnapshot"
  | "probes"
  | "traffic"
  | "tracking"
  | "secretOf"
  | "breakdownOf"
  | "stateProblem"
>;

/** The status of everything that a supervisor runs. */
export function statusOf(running: StatusSource): Status {
  const { desired, roots, charonSnapshot, stateProblem } = running;
  const charonReady = charonSnapshot.matches("connected");
  const active = [...roots].map(([id, root]) => {
    const snapshot = root.getSnapshot();
    const secret = running.secretOf(snapshot.context.connection);
    const problems = desired.problems.get(id) ?? none;
    const surroundings = { problems, charonReady, ...secret };
    const { connection } = snapshot.context;
    const observed = {
      probes: running.probes.of(connection),
      traffic: running.traffic.of(connection),
      tracking: running.tracking.of(connection),
    };
    const facts = [
      ...Object.values(surroundings),
      ...observed.probes,
      ...observed.traffic,
      ...observed.tracking,
      ...machinesBelow([root]).map((actor) => actor.getSnapshot() as object),
    ];
    return statuses.of(root, facts, (before) =>
      connectionStatus(snapshot, surroundings, observed, before),
    );
  });
  const refused = [...desired.problems]
    .filter(([id]) => id !== "" && !roots.has(id) && running.breakdownOf(id) === undefined)
    .map(([id, problems]) => refusedStatus(id, { problems, charonReady, ...noSecret }));
  const broken = [...desired.connections.values()].flatMap((connection) => {
    const failure = running.breakdownOf(connection.id);
    const problems = desired.problems.get(connection.id) ?? none;
    const facts = { problems, charonReady, ...running.secretOf(connection) };
    return failure === undefined ? [] : [brokenStatus(connection, failure, facts)];
  });
  return {
    charon: {
      state: stateName("charon", charonSnapshot.value),
      failure: charonSnapshot.context.failure,
    },
    connections: [...active, ...refused, ...broken].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    problems: desired.problems.get("") ?? [],
    ...(stateProblem !== undefined && { stateProblem }),
  };
}

/** A chart's state without a tag would be a fault: the connection is then listed as pending. */
const untagged: PublicState = "pending";

type OtherFacts = Omit<ConnectionFacts, "state" | "failure" | "children" | "paths" | "limits">;

const noSecret = { hasSecret: false, keyFailure: undefined, secretTrouble: undefined };

/** The observations of a connection's children, in their order. */
interface Observations {
  readonly probes: readonly (Reachability | undefined)[];
  readonly traffic: readonly (Failure | undefined)[];
  readonly tracking: readonly (Failure | undefined)[];
}

function connectionStatus(
  snapshot: ConnectionSnapshot,
  surroundings: OtherFacts,
  { probes, traffic, tracking }: Observations,
  before: ConnectionStatus | undefined,
): ConnectionStatus {
  const { connection } = snapshot.context;
  const { failure: ofPath, omitted, ikeSas } = pathSnapshotOf(snapshot)?.context ?? {};
  const failure = snapshot.context.choice.address.failure ?? ofPath;
  const keyExchange = ikeSas?.findLast(isEstablished)?.keyExchange;
  const children = connection.children.flatMap(({ key }, i) => {
    const child = childSnapshotOf(snapshot, key);
    if (child === undefined) return [];
    const known = before?.children.find((one) => one.key === key);
    const observed = { reachability: probes[i], traffic: traffic[i], tracking: tracking[i] };
    return [childStatus(child, gatewaySnapshotOf(snapshot, key), observed, known)];
  });
  const leads = beatOf(snapshot.context)?.leading;
  const state = stateOf(snapshot, leads);
  const { paths, ...switched } = pathStatuses(snapshot, before);
  const { limits } = snapshot.context;
  const own = { state, failure, omitted, keyExchange, children, paths, limits };
  const facts = { ...own, ...surroundings };
  return {
    id: connection.id,
    name: connection.name,
    generation: connection.generation,
    remote: remoteOf(snapshot),
    state,
    since: sinceWhen(state, before),
    failure,
    keyExchange,
    conditions: leads === false ? conditionsHere(facts) : conditionsOf(facts),
    children,
    paths,
    ...(leads !== undefined && { leads }),
    ...(connection.floating !== undefined && { floatingAddress: floatingStatus(snapshot) }),
    ...switched,
    problems: surroundings.problems,
  };
}

/** The floating address, and whether this node has it. */
function floatingStatus({ context }: ConnectionSnapshot): FloatingAddressStatus {
  const { floating } = context.connection;
  const address = floating === undefined ? "" : formatPrefix(floating.prefix);
  return { address, held: context.choice.address.holds };
}

/** The address of the peer by the active path, here or elsewhere. */
function remoteOf({ context }: ConnectionSnapshot): string {
  const { connection, active } = context;
  const path = connection.paths.find(({ name }) => name === active);
  return (path ?? activeConnection(context)).remoteAddr;
}

/** The state of a connection; if another agent leads, that of the active path as it reports it. */
function stateOf(snapshot: ConnectionSnapshot, leads: boolean | undefined): PublicState {
  const { connection, active } = snapshot.context;
  if (leads === false && !isHere(connection, active))
    return stateElsewhere(snapshot.context, active);
  return publicStateOf(snapshot) ?? untagged;
}

/**
 * The public state of a gateway. A repeated pass keeps the state of the previous pass until it
 * ends.
 */
export function gatewayState({ value, context }: GatewaySnapshot): string {
  const state = topState(value);
  if (state !== "configuring") return state;
  if (context.failure !== undefined) return "degraded";
  return context.applied ? "ready" : state;
}

function childStatus(
  snapshot: ChildSnapshot,
  gateway: GatewaySnapshot | undefined,
  observed: Pick<ChildStatus, "reachability" | "traffic">,
  before: ChildStatus | undefined,
): ChildStatus {
  const { child, failure, sas } = snapshot.context;
  const keyExchange = sas.findLast(isInstalled)?.keyExchange;
  const services = gateway?.context.services;
  const knownSelectors = selectorsAsKnown(child);
  const facts = {
    key: child.key,
    state: publicStateOf(snapshot) ?? untagged,
    gateway: gateway === undefined ? "absent" : gatewayState(gateway),
    failure: failure ?? gateway?.context.failure,
    keyExchange,
    ...observed,
    unrouted: unroutedText(child),
  };
  return {
    ...facts,
    name: child.name,
    since: sinceWhen(facts.state, before),
    conditions: childConditionsOf(facts),
    workers: workersOf(gateway?.context.workers ?? []),
    ...(services !== undefined && { services: servicesStatus(services) }),
    ...(child.nat !== undefined && { nat: natLines(child) }),
    ...(knownSelectors !== undefined && { knownSelectors }),
  };
}

const noWorkers: ChildStatus["workers"] = [];

function workersOf(workers: readonly Worker[]): ChildStatus["workers"] {
  if (workers.length === 0) return noWorkers;
  return workers.map(({ id, address }) => ({ id, address: formatPrefix(address) }));
}

/** The status of a connection without any valid version. */
function refusedStatus(id: string, surroundings: OtherFacts): ConnectionStatus {
  const failure = specFailure(surroundings.problems);
  const facts = { state: "pending" as const, failure, children: [], ...surroundings };
  const { problems } = surroundings;
  const shown = { id, name: id, generation: 0, remote: "", since: 0, paths: [], problems };
  return { ...shown, state: "pending", failure, children: [], conditions: conditionsOf(facts) };
}

/** The status of a connection whose actor failed by an exception, until it restarts. */
function brokenStatus(
  connection: Connection,
  failure: Failure,
  surroundings: OtherFacts,
): ConnectionStatus {
  const { id, name, generation, remoteAddr } = connection;
  const facts = { state: "failed" as const, failure, children: [], ...surroundings };
  const { problems } = surroundings;
  const shown = { id, name, generation, remote: remoteAddr, since: 0, paths: [], problems };
  return {
    ...shown,
    state: "failed",
    failure,
    children: [],
    conditions: conditionsOf(facts),
  };
}
