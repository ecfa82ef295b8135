import { Subject } from "rxjs";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import type { SaEnd } from "../../model/charon/sa-statistics.ts";
import type { Transition } from "../actors/transitions.ts";
import type {
  AdapterCall,
  PathSwitch,
  ProbeResult,
  QueueWait,
  ReportedBreakdown,
  RuntimeEvents,
} from "../ports/runtime-events.ts";

/** The events of a supervisor, as its parts emit them. */
export class EventSubjects implements RuntimeEvents, Disposable {
  readonly transitions = new Subject<Transition>();
  readonly charonEvents = new Subject<CharonEvent>();
  readonly saEnds = new Subject<SaEnd>();
  readonly probeResults = new Subject<ProbeResult>();
  readonly pathSwitches = new Subject<PathSwitch>();
  readonly adapterCalls = new Subject<AdapterCall>();
  readonly queueWaits = new Subject<QueueWait>();
  readonly breakdowns = new Subject<ReportedBreakdown>();

  [Symbol.dispose](): void {
    for (const subject of Object.values(this) as Subject<never>[]) subject.complete();
  }
}
