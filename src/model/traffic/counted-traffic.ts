import type { ChildRef } from "../api/child-ref.ts";
import type { CountedSubject, TrafficDirection, Volume } from "../rules/counting-plan.ts";

/** The traffic that the gateway of a child counted for one Service, or for one rule. */
export type CountedTraffic = ChildRef &
  Pick<CountedSubject, "kind" | "name" | "endpoints"> &
  Readonly<Record<TrafficDirection, Volume>>;
