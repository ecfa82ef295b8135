import type { Observable } from "rxjs";
import type { Session } from "vici-client";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import { SilenceLog } from "../../model/refusals/silence-log.ts";
import { alertsIn } from "./alert.ts";
import { eventsOf } from "./events-of.ts";

/**
 * Emits when the peer of an IKE SA stops answering and when it answers again: by charon's alerts if it has
 * any, otherwise by its log. Completes with the session.
 */
export function silencesOf(session: Session, hasAlerts: boolean): Observable<CharonEvent> {
  const silences = new SilenceLog();
  if (hasAlerts)
    return eventsOf(session.events("alert"), ({ message }) =>
      alertsIn(message).flatMap(({ type, connection, sa }) => {
        if (connection === undefined) return [];
        const change = silences.readAlert(type, sa);
        return change === undefined ? [] : [{ type: change, connection, sa }];
      }),
    );
  return eventsOf(session.events("log"), ({ message }) => {
    const { msg, "ikesa-name": connection, "ikesa-uniqueid": sa } = message;
    if (connection === undefined || sa === undefined) return [];
    const change = silences.read(msg, sa);
    return change === undefined ? [] : [{ type: change, connection, sa }];
  });
}
