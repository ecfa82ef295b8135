import { mostPaths } from "../api/schema/ipsec-connection.ts";
import type { ConnectionBeat, PathBeat } from "./beat.ts";
import { switchCauses, type SwitchCause } from "./switch-cause.ts";

/** The version of the encoding below. */
export const beatVersion = 1;

/** A report that cannot be encoded or decoded, with the field that is wrong. */
export class BeatError extends Error {
  override readonly name = "BeatError";
}

// The longest names, in bytes, by their schemas. A report has at most 689 bytes.
const connectionBytes = 253;
const pathBytes = 40;
const epochBytes = 6;
/** The highest epoch that can be encoded: a decision each millisecond would take 8,900 years. */
const mostEpoch = 2 ** (8 * epochBytes) - 1;
/** The highest epoch that is accepted: an agent could not count on from the highest one. */
const mostHeardEpoch = 2 ** 47;

const stateFlagOf = { leading: 1, leaving: 2 } as const;
const allStateFlags = stateFlagOf.leading | stateFlagOf.leaving;
const flagOf = { ready: 1, up: 2, failed: 4 } as const;
const allFlags = flagOf.ready | flagOf.up | flagOf.failed;

/**
 * Encodes a report: texts with a length byte, the epoch, cause, flags, and the sender's paths.
 *
 * @throws {BeatError} if a field is out of its limits
 */
export function encodeBeat(beat: ConnectionBeat): Buffer {
  if (beat.paths.length > mostPaths) throw new BeatError(`a beat has at most ${mostPaths} paths`);
  const epoch = Buffer.alloc(epochBytes);
  epoch.writeUIntBE(withinLimit(beat.epoch), 0, epochBytes);
  const { dialled = "" } = beat;
  return Buffer.concat([
    textBytes("connection", beat.connection, connectionBytes),
    epoch,
    textBytes("active", beat.active, pathBytes),
    textBytes("dialled", dialled, pathBytes),
    Buffer.from([switchCauses.indexOf(beat.cause), stateFlagsOf(beat), beat.paths.length]),
    ...beat.paths.flatMap((one) => [
      textBytes("path", one.path, pathBytes),
      Buffer.from([flagsOf(one)]),
    ]),
  ]);
}

/**
 * Decodes this number of reports, which fill the bytes.
 *
 * @throws {BeatError} for any other bytes
 */
export function decodeBeats(bytes: Buffer, count: number): ConnectionBeat[] {
  const reader = new BeatReader(bytes);
  const beats: ConnectionBeat[] = [];
  // Each report takes some bytes, so the datagram bounds their number.
  for (let i = 0; i < count; i++) beats.push(reader.beat());
  reader.end();
  return beats;
}

/** Reads reports from bytes of a peer. */
class BeatReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  beat(): ConnectionBeat {
    const connection = this.#text("connection", connectionBytes);
    const epoch = this.#next("epoch", epochBytes).readUIntBE(0, epochBytes);
    if (epoch > mostHeardEpoch) throw new BeatError("the epoch is not a number of decisions");
    const active = this.#text("active", pathBytes);
    const dialled = this.#text("dialled", pathBytes);
    const cause = causeOf(this.#byte("cause"));
    const flags = this.#byte("flags");
    if (flags > allStateFlags) throw new BeatError("a beat has unknown flags");
    const paths = this.#paths();
    if (connection === "" || active === "") throw new BeatError("a name is empty");
    return {
      connection,
      epoch,
      active,
      dialled: dialled === "" ? undefined : dialled,
      cause,
      leading: (flags & stateFlagOf.leading) !== 0,
      leaving: (flags & stateFlagOf.leaving) !== 0,
      paths,
    };
  }

  /** @throws {BeatError} unless all bytes were read */
  end(): void {
    if (this.#at < this.#bytes.length) throw new BeatError("bytes follow the last beat");
  }

  #paths(): PathBeat[] {
    const count = this.#byte("paths");
    if (count > mostPaths) throw new BeatError(`a beat has at most ${mostPaths} paths`);
    const paths: PathBeat[] = [];
    for (let i = 0; i < count; i++) {
      const path = this.#text("path", pathBytes);
      const flags = this.#byte("flags");
      if (path === "" || flags > allFlags || paths.some((other) => other.path === path))
        throw new BeatError("a path is empty, twice there or has unknown flags");
      const has = (flag: number) => (flags & flag) !== 0;
      paths.push({
        path,
        ready: has(flagOf.ready),
        up: has(flagOf.up),
        failed: has(flagOf.failed),
      });
    }
    return paths;
  }

  #text(field: string, most: number): string {
    const length = this.#byte(field);
    if (length > most) throw new BeatError(`${field} is longer than ${most} bytes`);
    const bytes = this.#next(field, length);
    if (!bytes.every(isPlain)) throw new BeatError(`${field} has bytes that no name has`);
    return bytes.toString("latin1");
  }

  #byte(field: string): number {
    return this.#next(field, 1).readUInt8(0);
  }

  #next(field: string, length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new BeatError(`the bytes end within ${field}`);
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}

function textBytes(field: string, text: string, most: number): Buffer {
  const bytes = Buffer.from(text, "latin1");
  if (bytes.length > most) throw new BeatError(`${field} is longer than ${most} bytes`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Names of Kubernetes objects and of paths are printable ASCII. */
function isPlain(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f;
}

function withinLimit(epoch: number): number {
  if (Number.isSafeInteger(epoch) && epoch >= 0 && epoch <= mostEpoch) return epoch;
  throw new BeatError(`the epoch is not an integer from 0 to ${mostEpoch}`);
}

/** A cause that a later version of the sender added counts as a loss. */
function causeOf(index: number): SwitchCause {
  return switchCauses[index] ?? "lost";
}

function stateFlagsOf({ leading, leaving }: ConnectionBeat): number {
  return (leading ? stateFlagOf.leading : 0) | (leaving ? stateFlagOf.leaving : 0);
}

function flagsOf({ ready, up, failed }: PathBeat): number {
  return (ready ? flagOf.ready : 0) | (up ? flagOf.up : 0) | (failed ? flagOf.failed : 0);
}
