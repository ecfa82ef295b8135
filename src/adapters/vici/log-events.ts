import type { Events } from "vici-client";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import { isConfigurationChange, isDeferral } from "../../model/charon/charon-log.ts";
import { NegotiationLog } from "../../model/refusals/negotiation-log.ts";

/** Reads the lines of one subscription to charon's `log` event. */
export class LogEvents {
  readonly #negotiations = new NegotiationLog();

  /** The line, with the failure, the wait or the change that it reports. */
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
    const failure = this.#negotiations.failureIn(text, sa);
    if (failure === undefined) return [logged];
    return [logged, { type: "peer.notified", connection, failure }];
  }
}
