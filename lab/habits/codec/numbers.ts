/* The numbers of IKEv2 (RFC 7296 and its IANA registry) that the peer uses. */

/** Types of payloads, section 3.2. */
export const PayloadType = {
  none: 0,
  sa: 33,
  keyExchange: 34,
  idInitiator: 35,
  idResponder: 36,
  auth: 39,
  nonce: 40,
  notify: 41,
  delete: 42,
  tsInitiator: 44,
  tsResponder: 45,
  encrypted: 46,
} as const;

/** Types of exchanges, section 3.1. */
export const Exchange = {
  IKE_SA_INIT: 34,
  IKE_AUTH: 35,
  CREATE_CHILD_SA: 36,
  INFORMATIONAL: 37,
} as const;

export const Protocol = { none: 0, ike: 1, esp: 3 } as const;

/** Types of transforms, section 3.3.2. */
export const TransformType = {
  encryption: 1,
  prf: 2,
  integrity: 3,
  keyExchange: 4,
  sequenceNumbers: 5,
} as const;

/** Transforms of the one suite that the peer speaks, and a group that it does not speak. */
export const Transform = {
  aesCbc: 12,
  prfSha256: 5,
  hmacSha256: 12,
  modp2048: 14,
  ecp256: 19,
  noExtendedSequenceNumbers: 0,
} as const;

/** Notifies: below 16384 they are errors. */
export const Notify = {
  INVALID_SYNTAX: 7,
  NO_PROPOSAL_CHOSEN: 14,
  INVALID_KE_PAYLOAD: 17,
  AUTHENTICATION_FAILED: 24,
  SINGLE_PAIR_REQUIRED: 34,
  NO_ADDITIONAL_SAS: 35,
  TS_UNACCEPTABLE: 38,
  TEMPORARY_FAILURE: 43,
  CHILD_SA_NOT_FOUND: 44,
  REKEY_SA: 16_393,
  AUTH_LIFETIME: 16_403,
} as const;

export type NotifyName = keyof typeof Notify;

/** Types of identities, section 3.5. */
export const IdType = { ipv4: 1, fqdn: 2, email: 3, ipv6: 5, keyId: 11 } as const;

/** The authentication method of a pre-shared key, section 3.8. */
export const sharedKeyMethod = 2;
