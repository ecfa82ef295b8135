import { timingSafeEqual } from "node:crypto";
import { sharedKeyMethod } from "../codec/numbers.ts";
import { idBody, payloadOf, type IdPayload, type Payload } from "../codec/payload.ts";
import { sharedKeyAuth, type SignedParts } from "../keys/shared-key-auth.ts";
import type { Opened } from "./opening.ts";

/** The identity of a side with its authentication. */
export function authPayloads(opening: Opened, psk: string, identity: IdPayload): Payload[] {
  const data = sharedKeyAuth(psk, partsOf(opening, identity));
  return [identity, { kind: "auth", method: sharedKeyMethod, data }];
}

/** Whether a message authenticates the side whose identity has this kind. */
export function isAuthentic(
  opening: Opened,
  psk: string,
  payloads: readonly Payload[],
  kind: IdPayload["kind"],
): boolean {
  const identity = payloads.find((one): one is IdPayload => one.kind === kind);
  const auth = payloadOf(payloads, "auth");
  if (identity === undefined || auth?.method !== sharedKeyMethod) return false;
  const expected = sharedKeyAuth(psk, partsOf(opening, identity));
  return auth.data.length === expected.length && timingSafeEqual(auth.data, expected);
}

function partsOf({ both, keys, request, response }: Opened, identity: IdPayload): SignedParts {
  const isInitiator = identity.kind === "idInitiator";
  return {
    message: isInitiator ? request : response,
    nonce: (isInitiator ? both.responder : both.initiator).nonce,
    identity: idBody(identity),
    identityKey: (isInitiator ? keys.initiator : keys.responder).identity,
  };
}
