import { decodeMessage, type IkeMessage } from "../codec/message.ts";
import { Exchange, Notify, Protocol } from "../codec/numbers.ts";
import { payloadOf, type Payload } from "../codec/payload.ts";
import type { OfferedTransform } from "../codec/proposal.ts";
import { selectorOf } from "../codec/selector.ts";
import { authPayloads, isAuthentic } from "./authentication.ts";
import { Channel } from "./channel.ts";
import { identityPayload, type PeerIdentity } from "./identity.ts";
import type { PeerEvent } from "./link.ts";
import { beginOpening, type Opened } from "./opening.ts";
import { SimulatedPeer, type PeerOptions } from "./simulated-peer.ts";
import { espSuite } from "./suite.ts";

type Payloads = readonly Payload[];

const psk = "the key";

/** An initiator that asks a peer for SAs, without a network and without time that passes. */
export class OtherSide {
  readonly peer: SimulatedPeer;
  readonly events: PeerEvent[] = [];
  /** The requests of the peer. */
  readonly received: IkeMessage[] = [];
  #inbox: Buffer[] = [];
  #lastSent = Buffer.alloc(0);
  #timers: { readonly ms: number; readonly run: () => void }[] = [];
  #opened: Opened | undefined;
  #channel: Channel | undefined;

  constructor(habits: PeerOptions["habits"], identity: PeerIdentity = { text: "peer.site" }) {
    this.peer = new SimulatedPeer(
      { identity, psk, habits },
      {
        note: (event) => this.events.push(event),
        after: (ms, run) => this.#timers.push({ ms, run }),
      },
    );
  }

  /** The payloads of the answer to IKE_SA_INIT; undefined without an answer. */
  open(): Payloads | undefined {
    const { request, complete } = beginOpening();
    const [response] = this.exchange(request);
    if (response === undefined) return undefined;
    const { payloads } = decodeMessage(response);
    if (payloadOf(payloads, "sa") !== undefined) this.#secure(complete(response));
    return payloads;
  }

  /** The datagrams with which the peer answers the last encrypted request a second time. */
  repeat(): Buffer[] {
    return this.exchange(this.#lastSent);
  }

  /** The datagrams with which the peer answers one. */
  exchange(datagram: Buffer): Buffer[] {
    this.#inbox = [];
    this.peer.receive(datagram, (bytes) => this.#deliver(bytes));
    return this.#inbox;
  }

  /** The payloads of the answer to IKE_AUTH with a CHILD SA for the peer's networks. */
  authenticate(networks: readonly string[], key = psk): Payloads | undefined {
    if (this.#opened === undefined) throw new Error("IKE_SA_INIT has not derived the keys yet");
    const identity = identityPayload("idInitiator", { text: "node.site" });
    return this.ask(Exchange.IKE_AUTH, [
      ...authPayloads(this.#opened, key, identity),
      ...childRequest(1, networks),
    ]);
  }

  /** Whether an answer to IKE_AUTH authenticates the peer. */
  authenticates(answer: Payloads): boolean {
    return this.#opened !== undefined && isAuthentic(this.#opened, psk, answer, "idResponder");
  }

  /** The payloads of the answer to an encrypted request; undefined without an answer. */
  ask(exchange: number, payloads: Payloads): Payloads | undefined {
    let answer: Payloads | undefined;
    this.#channel?.request(exchange, payloads, (answered) => {
      answer = answered;
    });
    return answer;
  }

  /** Runs what the peer does later, in the order of time. */
  later(): void {
    const timers = this.#timers.toSorted((a, b) => a.ms - b.ms);
    this.#timers = [];
    for (const { run } of timers) run();
  }

  #deliver(bytes: Buffer): void {
    this.#inbox.push(bytes);
    this.#channel?.receive(bytes);
  }

  #secure(opened: Opened): void {
    this.#opened = opened;
    const { both, keys } = opened;
    this.#channel = new Channel({
      keys,
      initiatorSpi: both.initiator.spi,
      responderSpi: both.responder.spi,
      isInitiator: true,
      nextIds: { own: 1, other: 0 },
      link: {
        send: (bytes) => {
          this.#lastSent = Buffer.from(bytes);
          this.exchange(bytes);
        },
        after: () => {},
        note: () => {},
      },
      answer: (message) => {
        this.received.push(message);
        return { payloads: [] };
      },
      lost: () => {},
    });
  }
}

/** The request for a CHILD SA, or the rekey of the one with this SPI of the initiator. */
export function childRequest(
  spi: number,
  networks: readonly string[],
  transforms: readonly OfferedTransform[] = espSuite,
  rekeyed?: number,
): Payload[] {
  const proposal = { number: 1, protocol: Protocol.esp, spi: spiOf(spi), transforms };
  const rekey: Payload[] =
    rekeyed === undefined
      ? []
      : [
          {
            kind: "notify",
            protocol: Protocol.esp,
            spi: spiOf(rekeyed),
            type: Notify.REKEY_SA,
            data: Buffer.alloc(0),
          },
        ];
  return [
    ...rekey,
    { kind: "sa", proposals: [proposal] },
    { kind: "tsInitiator", selectors: [selectorOf("10.0.2.0/24")] },
    { kind: "tsResponder", selectors: networks.map(selectorOf) },
  ];
}

/** An SPI of ESP. */
export function spiOf(number: number): Buffer {
  const spi = Buffer.alloc(4);
  spi.writeUInt32BE(number);
  return spi;
}
