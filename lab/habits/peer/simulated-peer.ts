import { randomBytes } from "node:crypto";
import { IkeSyntaxError } from "../codec/byte-reader.ts";
import { decodeFrame, noSpi, type IkeHeader } from "../codec/message.ts";
import { Exchange, Protocol } from "../codec/numbers.ts";
import { payloadOf, type Payload } from "../codec/payload.ts";
import { selectorOf } from "../codec/selector.ts";
import { authPayloads, isAuthentic } from "./authentication.ts";
import { espSpiBytes } from "./child-agreement.ts";
import { randomHabits, type Habits, type HabitSource } from "./habits.ts";
import { IkeSa } from "./ike-sa.ts";
import { identityPayload, type PeerIdentity } from "./identity.ts";
import type { Link } from "./link.ts";
import { answerOpening, beginOpening, type Opened } from "./opening.ts";
import { espSuite } from "./suite.ts";

/** A gateway of a partner. */
export interface PeerOptions {
  readonly identity: PeerIdentity;
  readonly psk: string;
  /** Its habits at every request; a seed chooses other ones at each. */
  readonly habits: Habits | { readonly seed: number };
  /** A CHILD SA that it initiates by itself when the other side initiates for the first time. */
  readonly initiates?: WantedChild;
}

/** A CHILD SA that a peer asks for. */
export interface WantedChild {
  readonly own: readonly string[];
  readonly other: readonly string[];
}

/** The number of IKE_SA_INIT requests whose answers are remembered. */
const mostOpenings = 1_000;

/** An IKEv2 gateway with habits that charon does not have. It sends no ESP packets. */
export class SimulatedPeer {
  readonly #options: PeerOptions;
  readonly #link: Omit<Link, "send">;
  readonly #habits: HabitSource;
  /** By the peer's SPI. */
  readonly #ikeSas = new Map<string, IkeSa>();
  /** Completes an opening of the peer's own, by the peer's SPI. */
  readonly #begun = new Map<string, (response: Buffer) => void>();
  /** The answers to IKE_SA_INIT, by the request. */
  readonly #answered = new Map<string, Buffer | undefined>();
  #hasInitiated = false;

  constructor(options: PeerOptions, link: Omit<Link, "send">) {
    const { habits } = options;
    this.#options = options;
    this.#link = link;
    this.#habits = "seed" in habits ? randomHabits(habits.seed) : () => habits;
  }

  /** The number of IKE SAs. */
  get ikeSas(): number {
    return this.#ikeSas.size;
  }

  /** Handles a datagram of the other side; a malformed one gets no answer. */
  receive(bytes: Buffer, send: Link["send"]): void {
    try {
      const { header } = decodeFrame(bytes);
      if (header.exchange === Exchange.IKE_SA_INIT) this.#open(bytes, header, send);
      else this.#ikeSas.get(ownSpiIn(header))?.channel.receive(bytes);
    } catch (error) {
      if (!(error instanceof IkeSyntaxError)) throw error;
      const ike = bytes.subarray(0, 8).toString("hex");
      this.#link.note({ event: "malformed", ike, detail: error.message });
    }
  }

  #initiate(wanted: WantedChild, send: Link["send"]): void {
    this.#hasInitiated = true;
    const { spi, request, complete } = beginOpening();
    this.#begun.set(spi, (response) => {
      this.#begun.delete(spi);
      this.#authenticate(complete(response), wanted, send);
    });
    send(request);
  }

  #open(bytes: Buffer, header: IkeHeader, send: Link["send"]): void {
    if (header.isResponse) {
      this.#begun.get(header.initiatorSpi)?.(bytes);
      return;
    }
    if (header.responderSpi !== noSpi) return;
    const key = bytes.toString("latin1");
    if (!this.#answered.has(key)) this.#answered.set(key, this.#answer(bytes, header, send));
    const [oldest] = this.#answered.size > mostOpenings ? this.#answered.keys() : [];
    if (oldest !== undefined) this.#answered.delete(oldest);
    const response = this.#answered.get(key);
    if (response !== undefined) send(response);
  }

  /** The answer to IKE_SA_INIT, with a new IKE SA unless it is refused. */
  #answer(bytes: Buffer, header: IkeHeader, send: Link["send"]): Buffer | undefined {
    const { messageId, initiatorSpi: ike } = header;
    this.#link.note({ event: "request", ike, purpose: "ikeSa", messageId });
    const { initiates } = this.#options;
    if (initiates !== undefined && !this.#hasInitiated) this.#initiate(initiates, send);
    const answered = answerOpening(bytes, this.#habits("ikeSa"));
    if (answered === undefined) return undefined;
    if ("refusal" in answered) this.#link.note({ event: "refused", ike, detail: answered.refusal });
    else this.#adopt(this.#ikeSaOf(answered, false, send));
    return answered.response;
  }

  /** Sends IKE_AUTH as the initiator, and takes the CHILD SA that the answer has. */
  #authenticate(opening: Opened, wanted: WantedChild, send: Link["send"]): void {
    const { identity, psk } = this.#options;
    const ikeSa = this.#ikeSaOf(opening, true, send);
    this.#adopt(ikeSa);
    const own = randomBytes(espSpiBytes);
    const payloads = [
      ...authPayloads(opening, psk, identityPayload("idInitiator", identity)),
      ...childRequest(own, wanted),
    ];
    ikeSa.channel.request(Exchange.IKE_AUTH, payloads, (answer) => {
      if (!isAuthentic(opening, psk, answer, "idResponder")) {
        ikeSa.close("the other side is not authentic");
        return;
      }
      this.#link.note({ event: "ikeSa.up", ike: ikeSa.spi });
      const other = payloadOf(answer, "sa")?.proposals[0]?.spi;
      if (other !== undefined) ikeSa.takeChild({ own, other }, this.#habits("firstChild"));
    });
  }

  #ikeSaOf(opening: Opened, isInitiator: boolean, send: Link["send"]): IkeSa {
    const { identity, psk } = this.#options;
    const { both, keys } = opening;
    return new IkeSa({
      link: { ...this.#link, send },
      identity,
      psk,
      both,
      keys,
      opening,
      isInitiator,
      habits: this.#habits,
      adopt: (successor) => this.#adopt(successor),
      release: ({ spi }) => this.#ikeSas.delete(spi),
    });
  }

  #adopt(ikeSa: IkeSa): void {
    this.#ikeSas.set(ikeSa.spi, ikeSa);
  }
}

/** The receiver's SPI in a message. */
function ownSpiIn({ fromInitiator, initiatorSpi, responderSpi }: IkeHeader): string {
  return fromInitiator ? responderSpi : initiatorSpi;
}

function childRequest(spi: Buffer, { own, other }: WantedChild): Payload[] {
  const proposal = { number: 1, protocol: Protocol.esp, spi, transforms: espSuite };
  return [
    { kind: "sa", proposals: [proposal] },
    { kind: "tsInitiator", selectors: own.map(selectorOf) },
    { kind: "tsResponder", selectors: other.map(selectorOf) },
  ];
}
