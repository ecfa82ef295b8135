import { Subject } from "rxjs";
import { formatAddress, parseAddress, type Address } from "../../model/net/address.ts";
import { SegmentKey } from "../../model/network/segment-key.ts";
import { BeatExchange, type BeatSocketPort } from "./beat-exchange.ts";
import type { OpenEcho } from "./node-watch.ts";
import type { PeerAddresses } from "./beat-peer.ts";

/** The address of a group's agent. */
export const addressOf: Readonly<Record<string, Address>> = {
  "node:a": parseAddress("10.0.0.1") as Address,
  "node:b": parseAddress("10.0.0.2") as Address,
  "node:c": parseAddress("10.0.0.3") as Address,
};

const segmentKey = new SegmentKey(new Uint8Array(32).fill(5));

/** Addresses of agents, each of which is its node's only target of echoes. */
export function peersAt(...groups: readonly string[]): ReadonlyMap<string, PeerAddresses> {
  return new Map(
    groups.map((group) => {
      const address = addressOf[group] as Address;
      return [group, { agent: [address], echoes: [address] }];
    }),
  );
}

/** A network of agents in one process, with a clock that only {@link pass} advances. */
export class FakeNetwork {
  /** Milliseconds. */
  now = 1_000;
  readonly errors: unknown[] = [];
  /** Addresses whose agents receive nothing. */
  readonly deaf = new Set<string>();
  /** Addresses that answer no echoes. */
  readonly dead = new Set<string>();
  /** The datagrams that were sent, with their target. */
  readonly sent: { readonly to: string; readonly bytes: Buffer }[] = [];
  echoes = 0;
  readonly #inboxes = new Map<string, Subject<Buffer>>();

  /** An exchange of a group, whose clock is the network's. */
  exchange(group: string): { readonly exchange: BeatExchange; readonly counts: string[] } {
    const counts: string[] = [];
    const exchange = new BeatExchange({
      groupId: group,
      segmentKey,
      openSocket: () => this.#socket(addressOf[group] as Address),
      openEcho: this.openEcho,
      count: (...count) => counts.push(count.join(" ")),
      report: (error) => this.errors.push(error),
      clock: { elapsed: () => this.now },
    });
    return { exchange, counts };
  }

  /** Delivers a datagram. */
  deliver(to: string, bytes: Buffer): void {
    if (!this.deaf.has(to)) this.#inboxes.get(to)?.next(bytes);
  }

  readonly openEcho: OpenEcho = (target, onAnswer) => ({
    send: () => {
      this.echoes += 1;
      if (!this.dead.has(formatAddress(target))) onAnswer();
    },
    drain: () => {},
    [Symbol.dispose]: () => {},
  });

  #socket(own: Address): BeatSocketPort {
    const datagrams = new Subject<Buffer>();
    this.#inboxes.set(formatAddress(own), datagrams);
    return {
      datagrams,
      isOpen: (family) => family === own.family,
      send: (address, bytes) => {
        const to = formatAddress(address);
        this.sent.push({ to, bytes });
        this.deliver(to, bytes);
      },
      [Symbol.dispose]: () => {
        this.#inboxes.delete(formatAddress(own));
        datagrams.complete();
      },
    };
  }
}
