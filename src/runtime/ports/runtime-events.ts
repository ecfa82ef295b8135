import type { Observable } from "rxjs";
import type { PathSwitched } from "../../machines/connection/path-choice.ts";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import type { ChildRef } from "../../model/api/child-ref.ts";
import type { SaEnd } from "../../model/charon/sa-statistics.ts";
import type { Transition } from "../actors/transitions.ts";
import type { Priority } from "../actors/work-queue.ts";

/** A call to charon, the kernel or the API server that has ended. */
export interface AdapterCall {
  readonly name: string;
  readonly seconds: number;
  readonly failed: boolean;
}

/** The result of one echo request. */
export interface ProbeResult extends ChildRef {
  /** The round trip; undefined without an answer. */
  readonly seconds: number | undefined;
}

/** The time that a task waited in the work queue. */
export interface QueueWait {
  readonly priority: Priority;
  readonly seconds: number;
}

/** An exception that stopped an actor or a stream, which restarts; each is a defect. */
export interface ReportedBreakdown {
  /** The actor or the stream. */
  readonly id: string;
  readonly error: unknown;
}

/** Another path carries the traffic of a connection. */
export interface PathSwitch extends PathSwitched {
  /** The connection's id. */
  readonly connection: string;
}

/** The events of a running supervisor. Log and metrics subscribe to them. */
export interface RuntimeEvents {
  readonly transitions: Observable<Transition>;
  readonly charonEvents: Observable<CharonEvent>;
  /** The kernel's last counters of each SA that ended, in charon's whole namespace. */
  readonly saEnds: Observable<SaEnd>;
  readonly probeResults: Observable<ProbeResult>;
  readonly pathSwitches: Observable<PathSwitch>;
  readonly adapterCalls: Observable<AdapterCall>;
  readonly queueWaits: Observable<QueueWait>;
  readonly breakdowns: Observable<ReportedBreakdown>;
}
