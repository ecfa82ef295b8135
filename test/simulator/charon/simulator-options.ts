import type { CharonVersion } from "../../../src/model/charon/proposals/charon-version.ts";
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
