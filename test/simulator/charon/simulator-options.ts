import {
  isInRange,
  type CharonVersion,
} from "../../../src/model/charon/proposals/charon-version.ts";
import type { Behaviour } from "./behaviour.ts";

/** The version of the default image. */
export const defaultVersion: CharonVersion = "6.1.0";

export interface SimulatorOptions {
  /** The behaviour of a connection's peer; called at each attempt. */
  readonly peer: (connection: string) => Behaviour;
  /** The version whose replies and events it sends; that of the default image if undefined. */
  readonly version?: CharonVersion;
  /** How long the peer takes to answer, in milliseconds. */
  readonly latencyMs?: number;
  /** The time until a request is retransmitted, in milliseconds. */
  readonly retransmitMs?: number;
}

const events = "log list-sa list-conn ike-updown ike-rekey ike-update child-updown child-rekey";

/** The events for which clients of a charon can register. */
export function eventsOf(version: CharonVersion): ReadonlySet<string> {
  const names = events.split(" ");
  return new Set(isInRange(version, { since: "6.0.3" }) ? [...names, "alert"] : names);
}
