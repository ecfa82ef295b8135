import { beatVersion } from "../../model/beats/beat-codec.ts";
import { BeatQueue, type FrameContent } from "../../model/beats/beat-queue.ts";
import {
  frameKeys,
  openFrame,
  sealFrame,
  senderTag,
  type Frame,
  type FrameKeys,
} from "../../model/beats/frame.ts";
import { PeerPresence } from "../../model/beats/peer-presence.ts";
import { PeerSession, type FrameVerdict } from "../../model/beats/peer-session.ts";
import { sameAddress, type Address, type Family } from "../../model/net/address.ts";
import type { SegmentKey } from "../../model/network/segment-key.ts";
import { NodeWatch, type OpenEcho } from "./node-watch.ts";

/** The addresses of a group. */
export interface PeerAddresses {
  /** The addresses of its agent's pod; none without such a pod. */
  readonly agent: readonly Address[];
  /** The addresses that answer echoes as long as the node and its network live. */
  readonly echoes: readonly Address[];
}

/** The functions of a socket for datagrams. */
export interface DatagramPort {
  readonly isOpen: (family: Family) => boolean;
  readonly send: (address: Address, bytes: Buffer) => void;
}

export interface BeatPeerOptions {
  /** The groups of this agent and of the peer. */
  readonly own: string;
  readonly group: string;
  readonly segmentKey: SegmentKey;
  readonly socket: DatagramPort;
  readonly openEcho: OpenEcho;
  readonly now: () => number;
}

/** The result of a datagram that names this peer as its sender. */
export type Received =
  | { readonly result: FrameVerdict; readonly frame: Frame }
  | { readonly result: "forged" };

/** The keys of received frames, which are valid until then; milliseconds. */
interface InwardKeys extends FrameKeys {
  readonly endsAt: number;
}

/** Longer than all agents take to learn of another key, in milliseconds. */
const formerKeyMs = 60_000;

/** An answer to an unproven frame follows the one before after so many milliseconds. */
const answerPauseMs = 50;
/** A peer is sent beats at another of its addresses if it was not heard for so many rounds. */
const roundsOfAddress = 10;

/** An agent's knowledge about the agent of another group, and its reports for it. */
export class BeatPeer implements Disposable {
  readonly group: string;
  readonly presence: PeerPresence;
  readonly queue = new BeatQueue();
  readonly watch: NodeWatch;
  readonly #options: BeatPeerOptions;
  #outward: FrameKeys;
  /** The keys of the peer's frames: the present one, and the former one for a while. */
  #inward: readonly InwardKeys[];
  readonly #session = new PeerSession();
  #agent: readonly Address[] = [];
  /** The source of its last frame that was fresh. */
  #source: Address | undefined;
  #silentRounds = 0;
  #answeredAt = -Infinity;

  constructor(options: BeatPeerOptions) {
    const { own, group, segmentKey, openEcho, now } = options;
    this.#options = options;
    this.group = group;
    this.#outward = frameKeys(segmentKey, own, group);
    this.#inward = [{ ...frameKeys(segmentKey, group, own), endsAt: Infinity }];
    this.presence = new PeerPresence(now());
    this.watch = new NodeWatch(openEcho, () => this.presence.answered(now()));
  }

  /** The tags of the peer's frames. */
  get tags(): readonly string[] {
    return this.#inward.map(({ tag }) => tag);
  }

  /** Replaces the key. Frames by the former one are accepted for a while: the peer may learn of it later. */
  rekey(segmentKey: SegmentKey): void {
    const { own, group, now } = this.#options;
    const [former] = this.#inward as [InwardKeys];
    this.#outward = frameKeys(segmentKey, own, group);
    this.#inward = [
      { ...frameKeys(segmentKey, group, own), endsAt: Infinity },
      { ...former, endsAt: now() + formerKeyMs },
    ];
  }

  /** Replaces the addresses. */
  aim({ agent, echoes }: PeerAddresses): void {
    this.#agent = agent;
    this.watch.aim(echoes);
  }

  /** Sends a round's frames; returns their number. */
  sendRound(): number {
    this.#silentRounds += 1;
    if (this.#silentRounds >= roundsOfAddress) this.#source = undefined;
    return this.#send(this.queue.round());
  }

  /** Sends the changes that were not sent yet; returns the number of frames. */
  sendChanges(): number {
    return this.#send(this.queue.changes());
  }

  /** Authenticates a datagram, and takes its place in the session. */
  take(bytes: Buffer, source: Address | undefined): Received {
    const now = this.#options.now();
    const keys = this.#inward.find(({ tag, endsAt }) => tag === senderTag(bytes) && now < endsAt);
    const frame = keys && openFrame(keys.key, bytes);
    if (frame === undefined) return { result: "forged" };
    const result = this.#session.take(frame, now);
    if (result === "fresh") {
      this.#silentRounds = 0;
      this.#source = source;
      // A peer that does not hear this agent takes it for absent; each judges the other alike.
      if (this.#session.isHeardBy(frame, now)) this.presence.heard(now);
    }
    return { result, frame };
  }

  /** Answers an unproven frame, by which the peer can prove its session; returns the number of frames. */
  sendAnswer(source: Address | undefined): number {
    const now = this.#options.now();
    if (now - this.#answeredAt < answerPauseMs) return 0;
    this.#answeredAt = now;
    const place = this.#session.nextAnswer(now);
    return this.#sendFrame({ count: 0, beats: Buffer.alloc(0) }, place, source);
  }

  /** Requests echoes from the peer's node. */
  ask(): void {
    this.presence.asked(this.#options.now());
    this.watch.ask();
  }

  /** Whether beats of the peer can arrive: otherwise, silence says nothing about it. */
  get canArrive(): boolean {
    const { socket } = this.#options;
    const families = this.#agent.map(({ family }) => family);
    return (families.length === 0 ? ([4, 6] as const) : families).some((family) =>
      socket.isOpen(family),
    );
  }

  [Symbol.dispose](): void {
    this.watch[Symbol.dispose]();
  }

  #send(contents: readonly FrameContent[]): number {
    let sent = 0;
    for (const content of contents)
      sent += this.#sendFrame(content, this.#session.next(this.#options.now()));
    return sent;
  }

  #sendFrame(
    content: FrameContent,
    place: Pick<Frame, "position" | "heard">,
    source = this.#source,
  ): number {
    const frame = sealFrame(this.#outward, { ...place, ...content, version: beatVersion });
    const addresses = this.#addresses(source);
    for (const address of addresses) this.#options.socket.send(address, frame);
    return addresses.length;
  }

  /**
   * The agent's first address that can be reached; after a long silence another one. A new pod of the
   * agent may be heard before the API server reports its address: then both.
   */
  #addresses(source: Address | undefined): Address[] {
    const open = this.#agent.filter(({ family }) => this.#options.socket.isOpen(family));
    const rounds = Math.floor(this.#silentRounds / roundsOfAddress);
    const known = open[rounds % Math.max(1, open.length)];
    const isNew = source !== undefined && !this.#agent.some((one) => sameAddress(one, source));
    return [known, isNew ? source : undefined].filter((address) => address !== undefined);
  }
}
