import { isUp } from "../conditions/conditions.ts";
import { exposition, labelsOf, type MetricFamily } from "./exposition.ts";
import { publicStates, type PublicState } from "../../model/status/public-state.ts";
import type { Status } from "../../model/status/status.ts";

/** How many connections are in a state. */
const countSeries: readonly MetricFamily<number>[] = [
  {
    name: "ipman_connections",
    help: "Number of connections by state.",
    type: "gauge",
    value: (count) => count,
  },
];

/** Of a child's state. */
const upSeries: readonly MetricFamily<PublicState>[] = [
  {
    name: "ipman_child_up",
    help: "1 if the child carries traffic, 0 if it does not.",
    type: "gauge",
    value: (state) => (isUp(state) ? 1 : 0),
  },
];

/** All of them, whatever they are of. */
export const statusFamilies: readonly Pick<MetricFamily<never>, "name" | "type">[] = [
  ...countSeries,
  ...upSeries,
];

/** What a status tells of connections and their children, whether charon answers or not. */
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
