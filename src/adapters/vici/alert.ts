import { ViciError, type Message, type Session } from "vici-client";
import { ikeSasIn } from "./list-sas.ts";
import { sectionIn, textIn } from "./section.ts";

/** An alert that charon sent. */
export interface Alert {
  readonly type: string;
  /** The connection of the IKE SA; undefined if the alert is about none. */
  readonly connection: string | undefined;
  /** The unique id of the IKE SA; "" if the alert is about none. */
  readonly sa: string;
}

/**
 * The alert in an event; none if the event has no type.
 *
 * Source: strongSwan, src/libcharon/plugins/vici/vici_query.c (alert).
 */
export function alertsIn(message: Message): Alert[] {
  const type = textIn(message, "type");
  if (type === undefined) return [];
  const [ikeSa] = ikeSasIn(sectionIn(message, "ike-sa") ?? {});
  return [{ type, connection: ikeSa?.connection, sa: ikeSa?.uniqueId ?? "" }];
}

/** Whether charon sends alerts; it has the event since 6.0.3. */
export async function hasAlerts(session: Session): Promise<boolean> {
  const probe = session.events("alert");
  try {
    await probe.ready;
    return true;
  } catch (error) {
    if (error instanceof ViciError && error.code === "unknown-event") return false;
    throw error;
  } finally {
    await probe.return();
  }
}
