import { isReady } from "../../model/status/condition.ts";
import type { SourceProblem } from "../../model/api/resource.ts";
import { exposition, labelsOf, type MetricFamily } from "./exposition.ts";

/** A connection as its status tells of it. */
export interface Readiness {
  readonly id: string;
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
}

type SourceProblems = readonly Pick<SourceProblem, "source">[];

/** Of every connection that is declared, also of one that no actor runs. */
const readinessSeries: readonly MetricFamily<Readiness>[] = [
  {
    name: "ipman_connection_ready",
    help: "1 if the condition Ready is True.",
    type: "gauge",
    value: (one) => (isReady(one) ? 1 : 0),
  },
  {
    name: "ipman_connection_spec_valid",
    help: "0 if the manifest is invalid; its last valid version may stay in effect.",
    type: "gauge",
    value: ({ conditions }) => (conditions.some(isInvalid) ? 0 : 1),
  },
  {
    name: "ipman_connection_differs",
    help: "1 if an SA carries traffic but does not match the manifest (condition Differs).",
    type: "gauge",
    value: ({ conditions }) => (conditions.some(isDiffering) ? 1 : 0),
  },
];

/** Of the documents of which nobody can tell whose they are. */
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

/** All of them, whatever they are of. */
export const documentFamilies: readonly Pick<MetricFamily<never>, "name" | "type">[] = [
  ...readinessSeries,
  ...unreadableSeries,
];

/** Whether each connection is ready, and its document valid. */
export function readinessText(told: Iterable<Readiness>): string {
  const rows = Array.from(told, (one) => ({
    labels: labelsOf({ connection: one.id }),
    thing: one,
  }));
  return exposition(readinessSeries, rows);
}

export function unreadableText(problems: SourceProblems): string {
  return exposition(unreadableSeries, [{ labels: "", thing: problems }]);
}
