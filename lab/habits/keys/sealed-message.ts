import { createCipheriv, createDecipheriv, randomBytes, timingSafeEqual } from "node:crypto";
import { ByteReader, IkeSyntaxError } from "../codec/byte-reader.ts";
import { decodeFrame, encodeFrame, type IkeMessage } from "../codec/message.ts";
import { PayloadType } from "../codec/numbers.ts";
import { decodePayloads, encodePayloads, payloadHeader } from "../codec/payload.ts";
import { prf, type SideKeys } from "./ike-keys.ts";

type MessageKeys = Pick<SideKeys, "encryption" | "integrity">;

const cipherName = "aes-256-cbc";
const blockBytes = 16;
/** HMAC-SHA-256 with 128 bits. */
const checksumBytes = 16;

/** Encodes a message in an encrypted payload (RFC 7296, section 3.14). */
export function seal({ header, payloads }: IkeMessage, keys: MessageKeys): Buffer {
  const { first, bytes } = encodePayloads(payloads);
  const padding = blockBytes - 1 - (bytes.length % blockBytes);
  const iv = randomBytes(blockBytes);
  const cipher = createCipheriv(cipherName, keys.encryption, iv).setAutoPadding(false);
  const plain = Buffer.concat([bytes, Buffer.alloc(padding), Buffer.from([padding])]);
  const body = Buffer.concat([iv, cipher.update(plain), cipher.final()]);
  const frame = encodeFrame(header, {
    first: PayloadType.encrypted,
    bytes: Buffer.concat([
      payloadHeader(first, body.length + checksumBytes),
      body,
      Buffer.alloc(checksumBytes),
    ]),
  });
  const covered = frame.subarray(0, -checksumBytes);
  return Buffer.concat([covered, checksum(keys, covered)]);
}

/** Decodes a message that its sender encrypted with these keys. @throws {IkeSyntaxError} */
export function unseal(message: Buffer, keys: MessageKeys): IkeMessage {
  const { header, chain } = decodeFrame(message);
  if (chain.first !== PayloadType.encrypted) throw new IkeSyntaxError("it is not encrypted");
  const reader = new ByteReader(chain.bytes);
  const first = reader.u8();
  reader.u8();
  const body = new ByteReader(reader.take(reader.u16() - 4));
  reader.end();
  const iv = body.take(blockBytes);
  const encrypted = body.take(body.left - checksumBytes);
  const covered = message.subarray(0, -checksumBytes);
  if (!timingSafeEqual(body.rest(), checksum(keys, covered)))
    throw new IkeSyntaxError("the checksum differs");
  return { header, payloads: decodePayloads({ first, bytes: decrypt(encrypted, iv, keys) }) };
}

function checksum({ integrity }: MessageKeys, covered: Buffer): Buffer {
  return prf(integrity, covered).subarray(0, checksumBytes);
}

function decrypt(encrypted: Buffer, iv: Buffer, { encryption }: MessageKeys): Buffer {
  if (encrypted.length === 0 || encrypted.length % blockBytes !== 0)
    throw new IkeSyntaxError(`${encrypted.length} encrypted bytes`);
  const cipher = createDecipheriv(cipherName, encryption, iv).setAutoPadding(false);
  const plain = Buffer.concat([cipher.update(encrypted), cipher.final()]);
  const padding = plain.at(-1) ?? 0;
  return new ByteReader(plain).take(plain.length - 1 - padding);
}
