import { isReady } from "../../model/status/condition.ts";
import type { SourceProblem } from "../../model/api/resource.ts";
import { exposition, labelsOf, type MetricFamily } from "./exposition.ts";

/** The conditions of a connection. */
export interface Readiness {
  readonly id: string;
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
}

type SourceProblems = readonly Pick<SourceProblem, "source">[];

/** The series of each declared connection, even if no actor runs for it. */
const readinessSeries: readonly MetricFamily<Readiness>[] = [
  {
    name: "ipman_connection_ready",
    help: "1 if the condition Ready is True.",
    type: "gauge",
    value: (connection) => (isReady(connection) ? 1 : 0),
  },
  {
    name: "ipman_connection_spec_valid",
    help: "0 if the manifest is invalid; its last valid version may stay in effect.",
    type: "gauge",
    value: ({ conditions }) => (conditions.some(isInvalid) ? 0 : 1),
  },
  {
    name: "ipman_connection_differs",
    help: "1 if an SA, or the configuration in charon, does not match the manifest (condition Differs).",
    type: "gauge",
    value: ({ conditions }) => (conditions.some(isDiffering) ? 1 : 0),
  },
];

/** The series of files whose manifests cannot be assigned to a connection. */
const unreadableSeries: readonly MetricFamily<SourceProblems>[] = [
  {
    name: "ipman_unreadable_files",
    help: "Number of files that cannot be read; ipman removes nothing while there is one.",
    type: "gauge",
    value: (problems) => new Set(problems.map(({ source }) => source)).size,
  },
];

const isInvalid = ({ type, status }: Readiness["conditions"][number]) =>
  type === "SpecValid" && status === "False";

const isDiffering = ({ type, status }: Readiness["conditions"][number]) =>
  type === "Differs" && status === "True";

/** The families of all series in this file. */
export const readinessFamilies: readonly Pick<MetricFamily<never>, "name" | "type">[] = [
  ...readinessSeries,
  ...unreadableSeries,
];

/** The metrics of each connection's conditions. */
export function readinessText(connections: Iterable<Readiness>): string {
  const rows = Array.from(connections, (connection) => ({
    labels: labelsOf({ connection: connection.id }),
    thing: connection,
  }));
  return exposition(readinessSeries, rows);
}

/** The metric of files that cannot be read. */
export function unreadableText(problems: SourceProblems): string {
  return exposition(unreadableSeries, [{ labels: "", thing: problems }]);
}
