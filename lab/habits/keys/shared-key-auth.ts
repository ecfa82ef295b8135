import { prf } from "./ike-keys.ts";

/** The values that a side authenticates (RFC 7296, section 2.15). */
export interface SignedParts {
  /** The first message of the side that authenticates itself. */
  readonly message: Buffer;
  /** The nonce of the other side. */
  readonly nonce: Buffer;
  /** The body of the identity of the side that authenticates itself. */
  readonly identity: Buffer;
  /** SK_pi or SK_pr of the side that authenticates itself. */
  readonly identityKey: Buffer;
}

const pad = Buffer.from("Key Pad for IKEv2");

/** The authentication of a side by a pre-shared key. */
export function sharedKeyAuth(psk: string, parts: SignedParts): Buffer {
  const { message, nonce, identity, identityKey } = parts;
  return prf(prf(Buffer.from(psk), pad), message, nonce, prf(identityKey, identity));
}
