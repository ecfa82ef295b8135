import { connection } from "./connection.ts";
import { fleet } from "./fleet.ts";
import { grafana } from "./grafana.ts";
import { pools } from "./pools.ts";

/** The dashboards in Grafana's format, by the names of their files. */
export const dashboards: ReadonlyMap<string, object> = new Map(
  Object.entries({ fleet, connection, pools }).map(([name, one]) => [name, grafana(one)]),
);

/** Every expression of all dashboards. */
export const expressions: readonly string[] = [fleet, connection, pools].flatMap(({ panels }) =>
  panels.flatMap(({ queries }) => queries.map(([expression]) => expression)),
);
