import { isUp } from "../conditions/conditions.ts";
import { exposition, labelsOf, type MetricFamily } from "./exposition.ts";
import { publicStates, type PublicState } from "../../model/status/public-state.ts";
import type { Status } from "../../model/status/status.ts";

/** The series of each public state: its number of connections. */
const countSeries: readonly MetricFamily<number>[] = [
  {
    name: "ipman_connections",
    help: "Number of connections by state.",
    type: "gauge",
    value: (count) => count,
  },
];

/** The series of each child. */
const upSeries: readonly MetricFamily<PublicState>[] = [
  {
    name: "ipman_child_up",
    help: "1 if the child carries traffic, 0 if it does not.",
    type: "gauge",
    value: (state) => (isUp(state) ? 1 : 0),
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
    children.map(({ key, state }) => ({
      labels: labelsOf({ connection: id, child: key }),
      thing: state,
    })),
  );
  return exposition(countSeries, byState) + exposition(upSeries, children);
}
