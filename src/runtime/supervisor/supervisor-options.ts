import type { Observable } from "rxjs";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import type { Scope } from "../../model/validation/cross-problems.ts";
import type { Snapshot } from "../../model/api/resource.ts";
import type { SaEnd } from "../../model/charon/sa-statistics.ts";
import type { ConnectionPorts } from "./connection-logic.ts";
import type { OnBreakdown } from "../actors/contained.ts";
import type { Transition } from "../actors/follow.ts";
import type { CharonPort, NetworkPort, PlacementPort } from "../ports/ports.ts";
import type { ProbeNews } from "./probes.ts";
import type { StateWrites } from "../host/state-writer.ts";
import type { Urgency } from "../actors/turns.ts";

/** What a supervisor acts upon, and whom it tells. */
export interface SupervisorOptions {
  readonly charon: CharonPort;
  readonly network: NetworkPort;
  readonly placement: PlacementPort;
  readonly desired: Observable<Snapshot>;
  /** How writing down what outlives the process goes; shown in the status. */
  readonly stateWrites?: Pick<StateWrites, "problem">;
  /** Whether the documents are one host's (the default) or a cluster's. */
  readonly scope?: Scope;
  /** Whether a Secret has to permit a connection to use its keys; false on a host, whose files are its administrator's. */
  readonly requireSecretConsent?: boolean;
  readonly onAdapterCall: ConnectionPorts["onAdapterCall"];
  readonly onNews: (event: CharonEvent) => void;
  /** The kernel's last word on an SA, whoever's it was. */
  readonly onSaEnd?: (end: SaEnd) => void;
  /** Whether charon's log is wanted also while nothing is amiss. */
  readonly followLog?: boolean;
  readonly onMove?: (move: Transition) => void;
  readonly onProbe?: (news: ProbeNews) => void;
  /** How long work that holds the thread up waited for its turn. */
  readonly onTurn?: (urgency: Urgency, seconds: number) => void;
  /** An actor, or a stream, broke down by an exception, which is a defect; it is started again. */
  readonly onBreakdown: OnBreakdown;
}
