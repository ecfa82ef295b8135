import { concat, merge, mergeMap, of, timer, type Observable } from "rxjs";
import type { Events, Session } from "vici-client";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import { hastyLifetime, isConfigurationChange, isDeferral } from "../../model/charon/charon-log.ts";
import {
  NegotiationLog,
  settleMs,
  type NegotiationLogOptions,
} from "../../model/refusals/negotiation-log.ts";
import { alertsIn, type Alert } from "./alert.ts";
import { eventsOf } from "./events-of.ts";

/**
 * Emits the lines of charon's log, its alerts if it has any, and what they report; completes with the
 * session.
 */
export function logEventsOf(session: Session, hasAlerts: boolean): Observable<CharonEvent> {
  const log = new LogEvents({ hasAlerts });
  const lines = eventsOf(session.events("log"), ({ message }) => log.read(message));
  if (!hasAlerts) return lines;
  const alerts = eventsOf(session.events("alert"), ({ message }) => alertsIn(message));
  return merge(lines, alerts.pipe(mergeMap((alert) => log.readAlert(alert))));
}

/** Reads the lines and the alerts of one subscription to charon's log. */
export class LogEvents {
  readonly #negotiations: NegotiationLog;

  constructor(options?: NegotiationLogOptions) {
    this.#negotiations = new NegotiationLog(options);
  }

  /** The line, with the failure, the refusal, the wait or the change that it reports. */
  read({
    group,
    msg: text,
    "ikesa-name": connection,
    "ikesa-uniqueid": sa = "",
  }: Events["log"]): CharonEvent[] {
    const logged: CharonEvent = { type: "logged", connection, line: { group, text } };
    if (isConfigurationChange(text)) return [logged, { type: "configuration.changed" }];
    if (connection === undefined) return [logged];
    if (isDeferral(text)) return [logged, { type: "path.missing", connection }];
    const lifetime = hastyLifetime(text);
    if (lifetime !== undefined) return [logged, { type: "lifetime.hasty", connection, lifetime }];
    const failure = this.#negotiations.failureIn(text, sa);
    if (failure !== undefined) return [logged, { type: "peer.notified", connection, failure }];
    const rekey = this.#negotiations.refusedRekeyIn(text, sa);
    return rekey === undefined
      ? [logged]
      : [logged, { type: "rekey.refused", connection, ...rekey }];
  }

  /** The alert, and the failure that it reports unless a line does. */
  readAlert({ type, connection, sa }: Alert): Observable<CharonEvent> {
    const alerted = of<CharonEvent>({ type: "alerted", connection, alert: type });
    if (connection === undefined) return alerted;
    this.#negotiations.noteAlert(type, sa);
    const notified = timer(settleMs).pipe(
      mergeMap(() => {
        const failure = this.#negotiations.alertedFailure(sa);
        return failure === undefined
          ? []
          : [{ type: "peer.notified", connection, failure } as const];
      }),
    );
    return concat(alerted, notified);
  }
}
