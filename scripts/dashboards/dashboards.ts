import { connection } from "./connection.ts";
import { fleet } from "./fleet.ts";
import { grafana } from "./grafana.ts";
import { pools } from "./pools.ts";
import { services } from "./services.ts";

/** The dashboards in Grafana's format, by the names of their files. */
export const dashboards: ReadonlyMap<string, object> = new Map(
  Object.entries({ fleet, connection, services, pools }).map(([name, one]) => [name, grafana(one)]),
);

/** Every expression of all dashboards. */
export const expressions: readonly string[] = [fleet, connection, services, pools].flatMap(
  ({ panels }) => panels.flatMap(({ queries }) => queries.map(([expression]) => expression)),
);
