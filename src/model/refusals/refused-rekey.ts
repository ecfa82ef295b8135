import { failure, Reason, type Failure } from "../status/failure.ts";

/** A refusal of a peer to replace an SA, which carries traffic until its lifetime ends. */
export interface RefusedRekey {
  /** The configuration of the CHILD SA by its name in charon; undefined for an IKE SA. */
  readonly child: string | undefined;
  readonly failure: Failure;
}

/** The lines before the one that reports a failed rekey of the same IKE SA. */
interface Before {
  /** The configuration of the CHILD SA that charon negotiated last. */
  readonly child: string | undefined;
  /** The last failure. */
  readonly cause: Failure | undefined;
}

const refused = /^(CHILD|IKE)_SA rekeying failed, trying again in \d+ seconds$/;

/**
 * The refused rekey that a line of charon's log reports; undefined if it reports none.
 *
 * Source: strongSwan, src/libcharon/sa/ikev2/tasks: child_rekey.c, ike_rekey.c.
 */
export function refusedRekeyIn(text: string, { child, cause }: Before): RefusedRekey | undefined {
  const kind = refused.exec(text)?.[1];
  if (kind === undefined) return undefined;
  const why = cause?.message ?? "it gave no reason";
  const message = `the peer does not rekey the ${kind} SA, which ends with its lifetime: ${why}`;
  return {
    child: kind === "CHILD" ? child : undefined,
    failure: failure(Reason.RekeyRefused, message),
  };
}
