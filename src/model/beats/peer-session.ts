import { randomBytes } from "node:crypto";
import { nothingHeard, type Frame, type SessionPosition } from "./frame.ts";

/**
 * The verdict about an authentic frame: `fresh`, of the session that is believed; `unproven`, of another one
 * that has yet to echo a frame of ours; `replayed`, a frame that is not newer than those before.
 */
export type FrameVerdict = "fresh" | "unproven" | "replayed";

/** The age up to which an echo of our frames proves a session, in milliseconds. */
const provenMs = 3_000;
/** Between two notes of when frames were sent. */
const noteMs = 100;
/** The former sessions of the peer that are never believed again. */
const mostFormer = 64;

/**
 * The sessions of this agent and of one peer with each other. It needs no clock that they share.
 *
 * Each side begins with a random session id and numbers its frames. A frame of the believed session is
 * accepted once, in order. Another session is believed as soon as one of its frames echoes a frame that
 * we sent within the last seconds. Recorded frames cannot do so: those from before our start echo
 * another session of ours, and later ones echo frames that are too old. A session that was replaced is
 * never believed again, which includes its frames of the last seconds.
 */
export class PeerSession {
  readonly #id = randomBytes(16).toString("hex");
  #counter = 0;
  /** When frames were sent, the oldest first, over the last seconds. */
  #sent: { readonly counter: number; readonly at: number }[] = [];
  #believed: SessionPosition | undefined;
  /** The latest frame of a session that is not proven. */
  #unproven: SessionPosition | undefined;
  readonly #former = new Set<string>();

  /** The position of the next frame, and the peer's frame that it echoes. */
  next(now: number): Pick<Frame, "position" | "heard"> {
    return this.#next(now, this.#believed ?? this.#unproven ?? nothingHeard);
  }

  /** Like {@link next}, for the answer to an unproven frame: with it, the peer can prove its session. */
  nextAnswer(now: number): Pick<Frame, "position" | "heard"> {
    return this.#next(now, this.#unproven ?? nothingHeard);
  }

  /** Takes an authentic frame of the peer. */
  take({ position, heard }: Pick<Frame, "position" | "heard">, now: number): FrameVerdict {
    const { session, counter } = position;
    if (session === this.#believed?.session) {
      if (counter <= this.#believed.counter) return "replayed";
      this.#believed = position;
      return "fresh";
    }
    if (this.#former.has(session)) return "replayed";
    if (!this.#isRecent(heard, now)) {
      this.#unproven = position;
      return "unproven";
    }
    if (this.#believed !== undefined) this.#retire(this.#believed.session);
    this.#believed = position;
    this.#unproven = undefined;
    return "fresh";
  }

  #next(now: number, heard: SessionPosition): Pick<Frame, "position" | "heard"> {
    this.#counter += 1;
    const last = this.#sent.at(-1);
    if (last === undefined || now - last.at >= noteMs) {
      this.#sent = this.#sent.filter(({ at }) => now - at <= provenMs);
      this.#sent.push({ counter: this.#counter, at: now });
    }
    return { position: { session: this.#id, counter: this.#counter }, heard };
  }

  /** Whether a frame of ours was sent within the last seconds. */
  #isRecent({ session, counter }: SessionPosition, now: number): boolean {
    const oldest = this.#sent.find(({ at }) => now - at <= provenMs);
    if (session !== this.#id || oldest === undefined) return false;
    return counter >= oldest.counter && counter <= this.#counter;
  }

  #retire(session: string): void {
    this.#former.add(session);
    for (const oldest of this.#former) {
      if (this.#former.size <= mostFormer) return;
      this.#former.delete(oldest);
    }
  }
}
