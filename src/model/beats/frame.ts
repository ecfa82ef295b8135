import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";
import type { SegmentKey } from "../network/segment-key.ts";

/** The number of the frames of one session; sessions and numbers are compared as they are. */
export interface SessionPosition {
  /** Random bytes in hexadecimal, chosen when the session began. */
  readonly session: string;
  readonly counter: number;
}

/** A datagram between two agents: where it belongs in its session, and encoded reports. */
export interface Frame {
  readonly position: SessionPosition;
  /** The latest frame of the receiver that the sender heard. */
  readonly heard: SessionPosition;
  /** The version of the reports. */
  readonly version: number;
  readonly count: number;
  readonly beats: Buffer;
}

/** The keys of one direction between two groups. */
export interface FrameKeys {
  /** Identifies the sender in its frames. */
  readonly tag: string;
  readonly key: KeyObject;
}

/** The position of no frame. */
export const nothingHeard: SessionPosition = { session: "0".repeat(32), counter: 0 };

/** The largest datagram, which fits into every pod network without fragments. */
export const mostFrameBytes = 1_200;

const magic = Buffer.from("ipmB");
const tagBytes = 8;
const sessionBytes = 16;
const counterBytes = 6;
const macBytes = 32;
// magic, version, a reserved byte, count; then the fields in this order.
const tagAt = 8;
const positionAt = tagAt + tagBytes;
const positionBytes = sessionBytes + counterBytes;
const heardAt = positionAt + positionBytes;
const beatsAt = heardAt + positionBytes;

/** The room for encoded reports in a frame. */
export const mostBeatBytes = mostFrameBytes - beatsAt - macBytes;

/** Derives the keys of frames from one group to another. */
export function frameKeys(segmentKey: SegmentKey, from: string, to: string): FrameKeys {
  return {
    tag: segmentKey.derive("beat sender", from, to).toString("hex", 0, tagBytes),
    key: createSecretKey(segmentKey.derive("beats", from, to)),
  };
}

/** Encodes a frame and authenticates it. */
export function sealFrame(keys: FrameKeys, frame: Frame): Buffer {
  const head = Buffer.alloc(beatsAt);
  magic.copy(head);
  head.writeUInt8(frame.version, magic.length);
  head.writeUInt16BE(frame.count, magic.length + 2);
  head.write(keys.tag, tagAt, "hex");
  writePosition(head, frame.position, positionAt);
  writePosition(head, frame.heard, heardAt);
  const content = Buffer.concat([head, frame.beats]);
  return Buffer.concat([content, macOf(keys.key, content)]);
}

/** The sender that a datagram names; undefined if it is not a frame. Nothing is authenticated yet. */
export function senderTag(bytes: Buffer): string | undefined {
  if (bytes.length < beatsAt + macBytes || bytes.length > mostFrameBytes) return undefined;
  if (!bytes.subarray(0, magic.length).equals(magic)) return undefined;
  return bytes.toString("hex", tagAt, tagAt + tagBytes);
}

/** Reads a datagram with a {@link senderTag}; undefined unless it was sealed with the key. */
export function openFrame(key: KeyObject, bytes: Buffer): Frame | undefined {
  const end = bytes.length - macBytes;
  if (!timingSafeEqual(macOf(key, bytes.subarray(0, end)), bytes.subarray(end))) return undefined;
  return {
    position: readPosition(bytes, positionAt),
    heard: readPosition(bytes, heardAt),
    version: bytes.readUInt8(magic.length),
    count: bytes.readUInt16BE(magic.length + 2),
    beats: bytes.subarray(beatsAt, end),
  };
}

function macOf(key: KeyObject, content: Buffer): Buffer {
  return createHmac("sha256", key).update(content).digest();
}

function writePosition(head: Buffer, { session, counter }: SessionPosition, at: number): void {
  head.write(session, at, "hex");
  head.writeUIntBE(counter, at + sessionBytes, counterBytes);
}

function readPosition(bytes: Buffer, at: number): SessionPosition {
  return {
    session: bytes.toString("hex", at, at + sessionBytes),
    counter: bytes.readUIntBE(at + sessionBytes, counterBytes),
  };
}
