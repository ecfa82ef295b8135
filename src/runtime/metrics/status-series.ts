import { isUp } from "../conditions/conditions.ts";
import { exposition, labelsOf, type Labelled, type MetricFamily } from "./exposition.ts";
import type { Condition } from "../../model/status/condition.ts";
import { Reason } from "../../model/status/failure.ts";
import { publicStates } from "../../model/status/public-state.ts";
import type {
  ChildStatus,
  ConnectionStatus,
  PathStatus,
  Status,
} from "../../model/status/status.ts";

/** The series of each public state: its number of connections. */
const countSeries: readonly MetricFamily<number>[] = [
  {
    name: "ipman_connections",
    help: "Number of connections by state.",
    type: "gauge",
    value: (count) => count,
  },
];

type Liveness = Pick<ChildStatus, "state" | "traffic">;

/** The series of each child. */
const upSeries: readonly MetricFamily<Liveness>[] = [
  {
    name: "ipman_child_up",
    help: "1 if the child carries traffic, 0 if it is down or every packet of the peer fails the integrity check.",
    type: "gauge",
    value: ({ state, traffic }) =>
      isUp(state) && traffic?.reason !== Reason.IntegrityMismatch ? 1 : 0,
  },
];

/** The series of each path of a connection with several. */
const pathSeries: readonly MetricFamily<PathStatus>[] = [
  {
    name: "ipman_path_active",
    help: "1 if the path carries the traffic of its connection, 0 if another one does.",
    type: "gauge",
    value: ({ role }) => (role === "active" ? 1 : 0),
  },
  {
    name: "ipman_path_up",
    help: "1 if the path has an IKE SA, 0 if not.",
    type: "gauge",
    value: ({ state }) => (isUp(state) ? 1 : 0),
  },
];

/** The series of each connection with several paths whose redundancy is known. */
const redundancySeries: readonly MetricFamily<Condition>[] = [
  {
    name: "ipman_connection_redundant",
    help: "1 if another path than the active one could take over (condition Redundant), 0 if not.",
    type: "gauge",
    value: ({ status }) => (status === "True" ? 1 : 0),
  },
];

/** The series of each limit of the peer of a connection with several paths: whether it was seen. */
const limitSeries: readonly MetricFamily<boolean>[] = [
  {
    name: "ipman_connection_peer_limited",
    help: "1 if the peer does not allow what the paths may have at a time (conditions PeerTakesLast and PeerKeepsOne), 0 if not.",
    type: "gauge",
    value: (isSeen) => (isSeen ? 1 : 0),
  },
];

/** The limits, with the conditions that report them. */
const limits = { takes_last: "PeerTakesLast", keeps_one: "PeerKeepsOne" } as const;

/** The series of the key exchange methods of an IKE SA, and of a CHILD SA. */
const keyExchangeSeries: readonly MetricFamily<1>[] = [
  {
    name: "ipman_key_exchange_info",
    help: "The key exchange methods of a connection's IKE SA, or of a child's CHILD SA; always 1.",
    type: "gauge",
    value: (one) => one,
  },
];

/** The families of all series in this file. */
export const statusFamilies: readonly Pick<MetricFamily<never>, "name" | "type">[] = [
  ...countSeries,
  ...upSeries,
  ...pathSeries,
  ...redundancySeries,
  ...limitSeries,
  ...keyExchangeSeries,
];

/**
 * The metrics of the connections and children in a status, whether charon answers or not. If several
 * agents have paths of a connection, the one that leads has them.
 */
export function statusText(status: Status): string {
  const connections = status.connections.filter(({ leads }) => leads !== false);
  const counts = Map.groupBy(connections, ({ state }) => state);
  const byState = publicStates.map((state) => ({
    labels: labelsOf({ state }),
    thing: counts.get(state)?.length ?? 0,
  }));
  const children = connections.flatMap(({ id, children }) =>
    children.map((child) => ({
      labels: labelsOf({ connection: id, child: child.key }),
      thing: child,
    })),
  );
  return (
    exposition(countSeries, byState) +
    exposition(upSeries, children) +
    exposition(pathSeries, connections.flatMap(pathsIn)) +
    exposition(redundancySeries, connections.flatMap(redundancyOf)) +
    exposition(limitSeries, connections.flatMap(limitsOf)) +
    exposition(keyExchangeSeries, connections.flatMap(keyExchangesOf))
  );
}

function pathsIn({ id, paths = [] }: ConnectionStatus): Labelled<PathStatus>[] {
  return paths.map((path) => ({
    labels: labelsOf({ connection: id, path: path.name }),
    thing: path,
  }));
}

function redundancyOf({ id, conditions }: ConnectionStatus): Labelled<Condition>[] {
  return conditions
    .filter(({ type, status }) => type === "Redundant" && status !== "Unknown")
    .map((thing) => ({ labels: labelsOf({ connection: id }), thing }));
}

function limitsOf({ id, paths = [], conditions }: ConnectionStatus): Labelled<boolean>[] {
  if (paths.length === 0) return [];
  return Object.entries(limits).map(([limit, condition]) => ({
    labels: labelsOf({ connection: id, limit }),
    thing: conditions.some(({ type }) => type === condition),
  }));
}

function keyExchangesOf({ id, keyExchange, children }: ConnectionStatus): Labelled<1>[] {
  const all = [{ key: undefined, keyExchange }, ...children];
  return all.flatMap(({ key, keyExchange: methods }) => {
    if (methods === undefined) return [];
    const ofChild = key === undefined ? {} : { child: key };
    return [{ labels: labelsOf({ connection: id, ...ofChild, methods }), thing: 1 as const }];
  });
}
