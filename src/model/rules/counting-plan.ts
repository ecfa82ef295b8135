/** The directions of traffic, as this side sees the partner. */
export type TrafficDirection = "inbound" | "outbound";

/** The parts of a table whose traffic is counted: Services, and the rules of a declared translation. */
export type CountedKind = "service" | "nat";

/** One subject whose traffic a table counts, with the names of its counters. */
export interface CountedSubject extends Readonly<Record<TrafficDirection, string>> {
  readonly kind: CountedKind;
  /** A Service by its `namespace/name`, or a rule. */
  readonly name: string;
  /** The number of endpoints that the table forwards to, for a Service that has some. */
  readonly endpoints?: number;
}

/** The value of a counter. */
export interface Volume {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** The values of a table's counters by their names. */
export type Volumes = ReadonlyMap<string, Volume>;
