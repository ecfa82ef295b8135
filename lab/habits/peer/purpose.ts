import type { IkeMessage } from "../codec/message.ts";
import { Exchange, Notify, Protocol } from "../codec/numbers.ts";
import { payloadOf } from "../codec/payload.ts";

/** The purpose of a request that a peer can refuse. */
export type Purpose =
  | "ikeSa"
  | "authentication"
  | "firstChild"
  | "newChild"
  | "childRekey"
  | "ikeRekey";

/**
 * The purpose of a request; undefined for one that asks for no SA. The first CHILD SA is asked for
 * together with the authentication.
 */
export function purposeOf({ header, payloads }: IkeMessage): Purpose | undefined {
  switch (header.exchange) {
    case Exchange.IKE_SA_INIT:
      return "ikeSa";
    case Exchange.IKE_AUTH:
      return "authentication";
    case Exchange.CREATE_CHILD_SA:
      if (payloadOf(payloads, "sa")?.proposals[0]?.protocol === Protocol.ike) return "ikeRekey";
      return payloads.some(
        (payload) => payload.kind === "notify" && payload.type === Notify.REKEY_SA,
      )
        ? "childRekey"
        : "newChild";
    default:
      return undefined;
  }
}
