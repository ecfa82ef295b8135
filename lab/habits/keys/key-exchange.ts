import { createECDH } from "node:crypto";
import { IkeSyntaxError } from "../codec/byte-reader.ts";

/** The first byte of an uncompressed point, which IKE leaves out. */
const uncompressed = Buffer.from([4]);

/** One end of a Diffie-Hellman exchange on the curve P-256 (group 19, RFC 5903). */
export class KeyExchange {
  readonly #ecdh = createECDH("prime256v1");
  /** The public value: both coordinates, 64 bytes. */
  readonly publicValue: Buffer;

  /** @param privateKey random by default */
  constructor(privateKey?: Buffer) {
    if (privateKey === undefined) this.#ecdh.generateKeys();
    else this.#ecdh.setPrivateKey(privateKey);
    this.publicValue = this.#ecdh.getPublicKey().subarray(uncompressed.length);
  }

  /** The shared secret. @throws {IkeSyntaxError} if the other value is not a point of the curve */
  shared(otherValue: Buffer): Buffer {
    try {
      return this.#ecdh.computeSecret(Buffer.concat([uncompressed, otherValue]));
    } catch (error) {
      throw new IkeSyntaxError("the public value is not a point of P-256", { cause: error });
    }
  }
}
