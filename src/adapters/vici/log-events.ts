import type { Events } from "vici-client";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import { failureInLog, isConfigurationChange, isDeferral } from "../../model/charon/charon-log.ts";

/** The log line of charon's `log` event, with the failure, the wait or the change that it reports. */
export function eventsOfLog({
  group,
  msg: text,
  "ikesa-name": connection,
}: Events["log"]): CharonEvent[] {
  const logged: CharonEvent = { type: "logged", connection, line: { group, text } };
  if (isConfigurationChange(text)) return [logged, { type: "configuration.changed" }];
  if (connection === undefined) return [logged];
  if (isDeferral(text)) return [logged, { type: "path.missing", connection }];
  const failure = failureInLog(text);
  if (failure === undefined) return [logged];
  return [logged, { type: "peer.notified", connection, failure }];
}
