import type { Failure } from "../status/failure.ts";
import type { RefusedRekey } from "../refusals/refused-rekey.ts";
import type { IkeSa } from "./sa.ts";

/** A line of charon's log. */
export interface CharonLogLine {
  /** The part of charon that logs: IKE, NET, CFG, KNL and so on. */
  readonly group: string;
  readonly text: string;
}

/** An event that charon sends, or that a line of its log implies. */
export type CharonEvent =
  /** SAs changed. These are incomplete; `list-sas` has the truth. */
  | { readonly type: "sas.changed"; readonly ikeSas: readonly IkeSa[] }
  /** The peer of a connection refused a request, or does not answer. */
  | { readonly type: "peer.notified"; readonly connection: string; readonly failure: Failure }
  /** The peer of an established IKE SA has not answered a request that charon has sent three times. */
  | { readonly type: "peer.silent"; readonly connection: string; readonly sa: string }
  /** It has answered since. */
  | { readonly type: "peer.answers"; readonly connection: string; readonly sa: string }
  | ({ readonly type: "rekey.refused"; readonly connection: string } & RefusedRekey)
  /** charon reauthenticates an IKE SA at once, since the peer announces so short a lifetime. */
  | {
      readonly type: "lifetime.hasty";
      readonly connection: string;
      /** The lifetime in seconds. */
      readonly lifetime: number;
    }
  /** A client, ipman itself or another one, replaced or removed a connection or a key. */
  | { readonly type: "configuration.changed" }
  /** An IKE SA of a connection has no path to its peer and waits until there is one. */
  | { readonly type: "path.missing"; readonly connection: string }
  /** An alert, of any type; its failure, if it reports one, is an event of its own. */
  | {
      readonly type: "alerted";
      readonly connection: string | undefined;
      /** The type of the alert, such as `ts-mismatch`. */
      readonly alert: string;
    }
  | {
      readonly type: "logged";
      readonly connection: string | undefined;
      readonly line: CharonLogLine;
    };
