import type { Address } from "../net/address.ts";

/** A host and a port, as a flow's entry has them. */
export interface FlowEnd {
  readonly address: Address;
  readonly port: number;
}

/** A UDP port whose flows a gateway translates. */
export interface TrackedPort extends FlowEnd {
  /** The present targets of its flows. A flow to another one is stale: its packets would be lost. */
  readonly backends: readonly FlowEnd[];
  /** The source that its flows have; undefined for any. */
  readonly source?: Address;
}

/** The tracking of connections in a namespace. */
export interface TrackingPlan {
  /** UDP only: a connection by TCP ends by itself when its backend leaves. */
  readonly ports: readonly TrackedPort[];
}
