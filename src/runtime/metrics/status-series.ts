import { isUp } from "../conditions/conditions.ts";
import { exposition, labelsOf, type MetricFamily } from "./exposition.ts";
import { Reason } from "../../model/status/failure.ts";
import { publicStates } from "../../model/status/public-state.ts";
import type { ChildStatus, Status } from "../../model/status/status.ts";

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

/** The families of all series in this file. */
export const statusFamilies: readonly Pick<MetricFamily<never>, "name" | "type">[] = [
  ...countSeries,
  ...upSeries,
];

/** The metrics of the connections and children in a status, whether charon answers or not. */
export function statusText({ connections }: Status): string {
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
  return exposition(countSeries, byState) + exposition(upSeries, children);
}
