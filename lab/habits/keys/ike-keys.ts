import { createHmac } from "node:crypto";

/** The contributions of both sides to the keys of an IKE SA. SPIs are hexadecimal. */
export interface Contributions {
  readonly initiator: Contribution;
  readonly responder: Contribution;
}

export interface Contribution {
  readonly spi: string;
  readonly nonce: Buffer;
}

/** The keys with which one side sends (RFC 7296, section 2.14). */
export interface SideKeys {
  readonly integrity: Buffer;
  readonly encryption: Buffer;
  /** SK_pi or SK_pr, with which the side authenticates its identity. */
  readonly identity: Buffer;
}

export interface IkeKeys {
  /** SK_d, of which the keys of later SAs are derived. */
  readonly derivation: Buffer;
  readonly initiator: SideKeys;
  readonly responder: SideKeys;
}

/** The bytes of each key: HMAC-SHA-256 and AES-256 have the same. */
const keyBytes = 32;

/** PRF_HMAC_SHA2_256 of the concatenated data. */
export function prf(key: Buffer, ...data: readonly Buffer[]): Buffer {
  const hmac = createHmac("sha256", key);
  for (const part of data) hmac.update(part);
  return hmac.digest();
}

/** prf+ of section 2.13. */
function expanded(key: Buffer, seed: Buffer, size: number): Buffer {
  const blocks: Buffer[] = [];
  for (let n = 1; blocks.length * keyBytes < size; n++) {
    blocks.push(prf(key, blocks.at(-1) ?? Buffer.alloc(0), seed, Buffer.from([n])));
  }
  return Buffer.concat(blocks).subarray(0, size);
}

/** The keys of the first IKE SA. */
export function firstKeys(shared: Buffer, both: Contributions): IkeKeys {
  return keysOf(prf(noncesOf(both), shared), both);
}

/** The keys of an IKE SA that replaces another one (section 2.18). */
export function rekeyedKeys(before: IkeKeys, shared: Buffer, both: Contributions): IkeKeys {
  return keysOf(prf(before.derivation, shared, noncesOf(both)), both);
}

function keysOf(seed: Buffer, both: Contributions): IkeKeys {
  const spis = Buffer.from(both.initiator.spi + both.responder.spi, "hex");
  const material = expanded(seed, Buffer.concat([noncesOf(both), spis]), 7 * keyBytes);
  const key = (i: number) => material.subarray(i * keyBytes, (i + 1) * keyBytes);
  return {
    derivation: key(0),
    initiator: { integrity: key(1), encryption: key(3), identity: key(5) },
    responder: { integrity: key(2), encryption: key(4), identity: key(6) },
  };
}

function noncesOf({ initiator, responder }: Contributions): Buffer {
  return Buffer.concat([initiator.nonce, responder.nonce]);
}
