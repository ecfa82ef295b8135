import { encodeBeat } from "./beat-codec.ts";
import type { ConnectionBeat } from "./beat.ts";
import { mostBeatBytes, type Frame } from "./frame.ts";

/** The reports of one frame. */
export type FrameContent = Pick<Frame, "count" | "beats">;

/** A changed report is sent so often, since datagrams are lost. */
const sendsOfChange = 3;
/** Rounds in which each report is sent once, changed or not. */
const roundsOfAll = 10;
/** The frames of a round; others follow in the next ones. */
const mostFrames = 32;

interface QueuedBeat {
  readonly beat: ConnectionBeat;
  readonly bytes: Buffer;
  /** How often it has yet to be sent as a change. */
  sends: number;
}

/**
 * The reports for one peer. A changed one is sent at once and in the next two rounds; besides, all
 * follow each other, so that each is sent once in ten rounds.
 */
export class BeatQueue {
  /** By connection; the one that was sent last is the last one. */
  readonly #beats = new Map<string, QueuedBeat>();

  /** Replaces the report about a connection. */
  set(beat: ConnectionBeat): void {
    const bytes = encodeBeat(beat);
    if (this.#beats.get(beat.connection)?.bytes.equals(bytes) === true) return;
    this.#beats.delete(beat.connection);
    this.#beats.set(beat.connection, { beat, bytes, sends: sendsOfChange });
  }

  /** Has all reports sent as changes, to a peer that took none before. */
  repeat(): void {
    for (const queued of this.#beats.values()) queued.sends = sendsOfChange;
  }

  /** Ends the reports about a connection. */
  delete(connection: string): void {
    this.#beats.delete(connection);
  }

  /** The frames with the changes that were not sent yet. */
  changes(): FrameContent[] {
    return this.#framesOf(this.#changed().filter(({ sends }) => sends === sendsOfChange));
  }

  /** The frames of a round; at least one, which may be empty. */
  round(): FrameContent[] {
    const changed = this.#changed();
    const isDue = new Set(changed);
    const rest = this.#beats.values().filter((queued) => !isDue.has(queued));
    const share = Math.ceil(this.#beats.size / roundsOfAll);
    const frames = this.#framesOf([...changed, ...rest.take(share)]);
    return frames.length === 0 ? [{ count: 0, beats: Buffer.alloc(0) }] : frames;
  }

  #changed(): QueuedBeat[] {
    return [...this.#beats.values()].filter(({ sends }) => sends > 0);
  }

  /** Packs reports into as few frames as the limit allows, and notes those as sent. */
  #framesOf(queued: readonly QueuedBeat[]): FrameContent[] {
    const frames: Buffer[][] = [];
    let room = 0;
    for (const one of queued) {
      if (one.bytes.length > room) {
        if (frames.length === mostFrames) break;
        frames.push([]);
        room = mostBeatBytes;
      }
      frames.at(-1)?.push(one.bytes);
      room -= one.bytes.length;
      this.#noteSent(one);
    }
    return frames.map((beats) => ({ count: beats.length, beats: Buffer.concat(beats) }));
  }

  #noteSent(queued: QueuedBeat): void {
    queued.sends = Math.max(0, queued.sends - 1);
    const { connection } = queued.beat;
    this.#beats.delete(connection);
    this.#beats.set(connection, queued);
  }
}
