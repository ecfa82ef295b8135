import type { ReasonEntry } from "./reason-entry.ts";
import { reasonTable } from "./reason-table.ts";

/**
 * Why an object is not in its desired state. Reasons are part of the API: conditions, events and
 * logs contain them.
 */
export type Reason = keyof typeof reasonTable;

/** Every reason with its documentation. */
export const reasons: Readonly<Record<Reason, ReasonEntry>> = reasonTable;

/** A constant for each reason, named like it. */
export const Reason = Object.fromEntries(Object.keys(reasonTable).map((name) => [name, name])) as {
  readonly [Name in Reason]: Name;
};
