import type { Condition } from "./condition.ts";
import type { Failure } from "./failure.ts";
import type { PublicState } from "./public-state.ts";
import type { SourceProblem } from "../api/resource.ts";

/** Whether an address behind the peer answers a probe; `unknown` before the first answer or loss. */
export type Reachability = "unknown" | "reachable" | "unreachable";

export interface ChildStatus {
  readonly key: string;
  readonly name: string;
  readonly state: PublicState;
  /**
   * Since when it is up, or in a state in which it is not, in seconds of the monotonic clock; 0
   * where that is not known. In a status that is reported, in seconds since the epoch.
   */
  readonly since: number;
  /** The gateway's chart: absent, configuring, ready, degraded. */
  readonly gateway: string;
  readonly workers: readonly { readonly id: string; readonly address: string }[];
  readonly failure: Failure | undefined;
  /** Undefined where the child declares no probe. */
  readonly reachability: Reachability | undefined;
  readonly conditions: readonly Condition[];
}

export interface ConnectionStatus {
  readonly id: string;
  readonly name: string;
  /** Of the document that the actor works by. */
  readonly generation: number;
  readonly remote: string;
  readonly state: PublicState;
  /** As of a child. */
  readonly since: number;
  readonly failure: Failure | undefined;
  readonly conditions: readonly Condition[];
  readonly children: readonly ChildStatus[];
  readonly problems: readonly SourceProblem[];
}

/** What `ipman status` shows. */
export interface Status {
  readonly charon: { readonly state: string; readonly failure: Failure | undefined };
  readonly connections: readonly ConnectionStatus[];
  /** Of documents that belong to no connection. */
  readonly problems: readonly SourceProblem[];
  /** Why what outlives the process cannot be written down, if so. */
  readonly stateProblem?: string;
}
