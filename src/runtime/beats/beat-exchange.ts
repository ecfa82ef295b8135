import { Subject, type Observable } from "rxjs";
import { BeatError, beatVersion, decodeBeats } from "../../model/beats/beat-codec.ts";
import type { ConnectionBeat } from "../../model/beats/beat.ts";
import { senderTag, type Frame } from "../../model/beats/frame.ts";
import { roundMs, type Presence } from "../../model/beats/peer-presence.ts";
import type { Address } from "../../model/net/address.ts";
import type { SegmentKey } from "../../model/network/segment-key.ts";
import { contained } from "../actors/contained.ts";
import { systemClock, type Clock } from "../time/clock.ts";
import { BeatPeer, type DatagramPort, type PeerAddresses } from "./beat-peer.ts";
import type { BeatCount } from "./beat-count.ts";
import type { OpenEcho } from "./node-watch.ts";

/** A socket that exists while there are peers. */
export interface BeatSocketPort extends DatagramPort, Disposable {
  readonly datagrams: Observable<ReceivedDatagram>;
}

/** A datagram, with its source if other agents can send there. */
export interface ReceivedDatagram {
  readonly bytes: Buffer;
  readonly source: Address | undefined;
}

export interface BeatExchangeOptions {
  readonly groupId: string;
  readonly segmentKey: SegmentKey;
  readonly openSocket: () => BeatSocketPort;
  readonly openEcho: OpenEcho;
  readonly count: BeatCount;
  /** Receives exceptions, which are defects. */
  readonly report: (error: unknown) => void;
  readonly clock?: Pick<Clock, "elapsed">;
}

/** A report of a peer's agent. */
export interface HeardBeat {
  readonly group: string;
  readonly beat: ConnectionBeat;
}

/** Emitted when the presence of a group's agent changes. */
export interface PresenceChange {
  readonly group: string;
  readonly presence: Exclude<Presence, "unknown">;
}

/** A round that comes later than this is not judged, in milliseconds. */
const punctualMs = 50;
/** An agent without enough time to be punctual judges one round in this time, in milliseconds. */
const busyMs = 1_000;
/** Rounds between two echo requests to a peer that is heard. */
const roundsOfEcho = 10;

/**
 * Exchanges beats with the agents of other groups every 100 ms, and judges which of them are absent.
 * It does nothing without peers.
 */
export class BeatExchange implements Disposable {
  readonly #options: BeatExchangeOptions;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #peers = new Map<string, BeatPeer>();
  readonly #byTag = new Map<string, BeatPeer>();
  readonly #known = new Map<string, Presence>();
  readonly #beats = new Subject<HeardBeat>();
  readonly #presences = new Subject<PresenceChange>();
  readonly #rounds = new Subject<void>();
  readonly #timers = new Set<NodeJS.Timeout | NodeJS.Immediate>();
  #segmentKey: SegmentKey;
  #socket: BeatSocketPort | undefined;
  #dueAt = 0;
  #judgedAt = 0;
  #round = 0;
  #isFlushing = false;

  constructor(options: BeatExchangeOptions) {
    this.#options = options;
    this.#segmentKey = options.segmentKey;
    this.#clock = options.clock ?? systemClock;
  }

  /** Emits each report that a peer sent, changed or not. */
  get beats(): Observable<HeardBeat> {
    return this.#beats;
  }

  get presences(): Observable<PresenceChange> {
    return this.#presences;
  }

  /** Emits after each round that was judged. */
  get rounds(): Observable<void> {
    return this.#rounds;
  }

  /** The groups that are peers now. */
  get groups(): Iterable<string> {
    return this.#peers.keys();
  }

  presenceOf(group: string): Presence {
    return this.#peers.get(group)?.presence.presence ?? "unknown";
  }

  /** Replaces the peers, by group. */
  setPeers(peers: ReadonlyMap<string, PeerAddresses>): void {
    for (const group of this.#peers.keys()) if (!peers.has(group)) this.#remove(group);
    if (peers.size > 0) this.#open();
    for (const [group, addresses] of peers) this.#peerOf(group).aim(addresses);
    if (peers.size === 0) this.#close();
  }

  /** Replaces the key of all frames. */
  setKey(segmentKey: SegmentKey): void {
    if (segmentKey.equals(this.#segmentKey)) return;
    this.#segmentKey = segmentKey;
    this.#byTag.clear();
    for (const peer of this.#peers.values()) {
      peer.rekey(segmentKey);
      this.#register(peer);
    }
  }

  /** Replaces the report about a connection for one peer; undefined ends it. */
  publish(group: string, connection: string, beat: ConnectionBeat | undefined): void {
    const queue = this.#peers.get(group)?.queue;
    if (queue === undefined) return;
    if (beat === undefined) return queue.delete(connection);
    queue.set(beat);
    this.#flushLater();
  }

  [Symbol.dispose](): void {
    this.setPeers(new Map());
    this.#beats.complete();
    this.#presences.complete();
    this.#rounds.complete();
  }

  #open(): void {
    if (this.#socket !== undefined) return;
    this.#socket = this.#options.openSocket();
    this.#socket.datagrams.subscribe(
      this.#contained((datagram: ReceivedDatagram) => this.#receive(datagram)),
    );
    this.#judgedAt = this.#clock.elapsed();
    this.#dueAt = this.#judgedAt + roundMs;
    this.#later(() => this.#tick(), roundMs);
  }

  #close(): void {
    for (const timer of this.#timers) {
      clearTimeout(timer as NodeJS.Timeout);
      clearImmediate(timer as NodeJS.Immediate);
    }
    this.#timers.clear();
    this.#isFlushing = false;
    this.#socket?.[Symbol.dispose]();
    this.#socket = undefined;
  }

  #peerOf(group: string): BeatPeer {
    const known = this.#peers.get(group);
    if (known !== undefined) return known;
    const { groupId: own, openEcho } = this.#options;
    const segmentKey = this.#segmentKey;
    const socket = this.#socket as BeatSocketPort;
    const now = () => this.#clock.elapsed();
    const peer = new BeatPeer({ own, group, segmentKey, socket, openEcho, now });
    this.#peers.set(group, peer);
    this.#register(peer);
    return peer;
  }

  #register(peer: BeatPeer): void {
    for (const tag of peer.tags) this.#byTag.set(tag, peer);
  }

  #remove(group: string): void {
    const peer = this.#peers.get(group);
    peer?.[Symbol.dispose]();
    for (const tag of peer?.tags ?? []) this.#byTag.delete(tag);
    this.#peers.delete(group);
    this.#known.delete(group);
  }

  /** Sends a round, and judges the time before it as soon as everything was read that has arrived. */
  #tick(): void {
    const now = this.#clock.elapsed();
    const isPunctual = now - this.#dueAt <= punctualMs || now - this.#judgedAt >= busyMs;
    this.#dueAt = now + roundMs;
    this.#later(() => this.#tick(), roundMs);
    this.#round += 1;
    for (const peer of this.#peers.values()) this.#countSent(peer.sendRound());
    if (isPunctual) this.#soon(() => this.#judge(now));
    else this.#askSuspects();
  }

  #judge(begunAt: number): void {
    const now = this.#clock.elapsed();
    if (now - begunAt > punctualMs && now - this.#judgedAt < busyMs) return;
    this.#judgedAt = now;
    for (const peer of this.#peers.values()) {
      if (!peer.canArrive) continue;
      peer.watch.drain();
      peer.presence.judge(now);
      this.#note(peer);
    }
    if (this.#round % roundsOfEcho === 0)
      for (const peer of this.#peers.values()) if (!peer.presence.isSuspect) peer.ask();
    this.#askSuspects();
    this.#rounds.next();
  }

  /** Requests echoes from silent peers now and in half a round. */
  #askSuspects(): void {
    const ask = () => {
      for (const peer of this.#peers.values()) if (peer.presence.isSuspect) peer.ask();
    };
    ask();
    if (this.#peers.values().some(({ presence }) => presence.isSuspect))
      this.#later(ask, roundMs / 2);
  }

  #receive({ bytes, source }: ReceivedDatagram): void {
    const { count } = this.#options;
    const tag = senderTag(bytes);
    if (tag === undefined) return count("received", "malformed");
    const peer = this.#byTag.get(tag);
    if (peer === undefined) return count("received", "unknown_sender");
    const received = peer.take(bytes, source);
    if (received.result === "unproven") this.#countSent(peer.sendAnswer(source));
    if (received.result !== "fresh") return count("received", received.result);
    this.#note(peer);
    // Its reports would be judged as those of an absent one; it repeats them once it is present.
    if (peer.presence.presence !== "present") return count("received", "unheard");
    return this.#accept(peer.group, received.frame);
  }

  #accept(group: string, { version, beats, count }: Frame): void {
    // The agent of another version is present, and its reports are not understood.
    if (version !== beatVersion) return this.#options.count("received", "unknown_version");
    try {
      const decoded = decodeBeats(beats, count);
      this.#options.count("received", "accepted");
      for (const beat of decoded) this.#beats.next({ group, beat });
    } catch (error) {
      if (!(error instanceof BeatError)) throw error;
      this.#options.count("received", "malformed");
    }
  }

  #note({ group, presence: { presence } }: BeatPeer): void {
    if (presence === "unknown" || this.#known.get(group) === presence) return;
    this.#known.set(group, presence);
    this.#presences.next({ group, presence });
    if (presence !== "present") return;
    this.#peers.get(group)?.queue.repeat();
    this.#flushLater();
  }

  /** Sends the changes of this turn of the event loop. */
  #flushLater(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#soon(() => {
      this.#isFlushing = false;
      for (const peer of this.#peers.values()) this.#countSent(peer.sendChanges());
    });
  }

  #countSent(frames: number): void {
    for (let i = 0; i < frames; i++) this.#options.count("sent", "accepted");
  }

  #later(run: () => void, delayMs: number): void {
    const timer: NodeJS.Timeout = setTimeout(
      this.#contained(() => {
        this.#timers.delete(timer);
        run();
      }),
      delayMs,
    );
    this.#timers.add(timer);
  }

  #soon(run: () => void): void {
    const timer: NodeJS.Immediate = setImmediate(
      this.#contained(() => {
        this.#timers.delete(timer);
        run();
      }),
    );
    this.#timers.add(timer);
  }

  #contained<Args extends readonly unknown[]>(run: (...args: Args) => void) {
    return contained(this.#options.report, run);
  }
}
