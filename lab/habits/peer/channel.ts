import { decodeFrame, type IkeMessage } from "../codec/message.ts";
import type { Payload } from "../codec/payload.ts";
import type { IkeKeys } from "../keys/ike-keys.ts";
import { seal, unseal } from "../keys/sealed-message.ts";
import type { Link } from "./link.ts";

/** The answer to a request; `after` runs when it has been sent. */
export interface ChannelAnswer {
  readonly payloads: readonly Payload[];
  readonly after?: () => void;
}

export interface ChannelOptions {
  readonly link: Link;
  readonly initiatorSpi: string;
  readonly responderSpi: string;
  readonly isInitiator: boolean;
  readonly keys: IkeKeys;
  /** The message ids of the next request of either side. */
  readonly nextIds: { readonly own: number; readonly other: number };
  /** Answers a request; undefined leaves it without an answer. */
  readonly answer: (message: IkeMessage) => ChannelAnswer | undefined;
  /** Handles that the other side does not answer. */
  readonly lost: () => void;
}

interface QueuedRequest {
  readonly exchange: number;
  readonly payloads: readonly Payload[];
  readonly answered: (response: readonly Payload[]) => void;
}

const firstRetransmissionMs = 1_000;
const mostTransmissions = 4;

/**
 * The encrypted messages of an IKE SA with a window of one request (RFC 7296, section 2.3):
 * requests are repeated until they are answered, and a repeated request gets the same answer.
 */
export class Channel {
  readonly #options: ChannelOptions;
  readonly #queue: QueuedRequest[] = [];
  #own: number;
  #other: number;
  #lastResponse: Buffer | undefined;
  #awaited: { readonly id: number; readonly request: QueuedRequest } | undefined;
  #isClosed = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#own = options.nextIds.own;
    this.#other = options.nextIds.other;
  }

  /** Sends a request once the previous ones are answered. */
  request(
    exchange: number,
    payloads: readonly Payload[],
    answered: QueuedRequest["answered"] = () => {},
  ): void {
    this.#queue.push({ exchange, payloads, answered });
    this.#sendNext();
  }

  /** Handles a message. @throws {IkeSyntaxError} */
  receive(bytes: Buffer): void {
    if (this.#isClosed) return;
    const { isResponse, messageId } = decodeFrame(bytes).header;
    if (isResponse) this.#takeResponse(bytes, messageId);
    else this.#takeRequest(bytes, messageId);
  }

  /** Answers nothing more, and repeats nothing. */
  close(): void {
    this.#isClosed = true;
  }

  #takeRequest(bytes: Buffer, id: number): void {
    const { link, answer, isInitiator, keys } = this.#options;
    if (id === this.#other - 1 && this.#lastResponse !== undefined) link.send(this.#lastResponse);
    if (id !== this.#other) return;
    const message = unseal(bytes, isInitiator ? keys.responder : keys.initiator);
    const answered = answer(message);
    if (answered === undefined) return;
    this.#other++;
    this.#lastResponse = this.#sealed(message.header.exchange, id, answered.payloads, true);
    link.send(this.#lastResponse);
    answered.after?.();
  }

  #takeResponse(bytes: Buffer, id: number): void {
    const { isInitiator, keys } = this.#options;
    if (this.#awaited?.id !== id) return;
    const { payloads } = unseal(bytes, isInitiator ? keys.responder : keys.initiator);
    const { request } = this.#awaited;
    this.#awaited = undefined;
    request.answered(payloads);
    this.#sendNext();
  }

  #sendNext(): void {
    if (this.#awaited !== undefined || this.#isClosed) return;
    const request = this.#queue.shift();
    if (request === undefined) return;
    const id = this.#own++;
    this.#awaited = { id, request };
    this.#transmit(id, this.#sealed(request.exchange, id, request.payloads, false), 1);
  }

  #transmit(id: number, bytes: Buffer, count: number): void {
    if (this.#awaited?.id !== id || this.#isClosed) return;
    const { link, lost } = this.#options;
    if (count > mostTransmissions) {
      lost();
      return;
    }
    link.send(bytes);
    const waitMs = firstRetransmissionMs * 2 ** (count - 1);
    link.after(waitMs, () => this.#transmit(id, bytes, count + 1));
  }

  #sealed(
    exchange: number,
    messageId: number,
    payloads: readonly Payload[],
    isResponse: boolean,
  ): Buffer {
    const { initiatorSpi, responderSpi, isInitiator: fromInitiator, keys } = this.#options;
    const spis = { initiatorSpi, responderSpi };
    const header = { ...spis, exchange, fromInitiator, isResponse, messageId };
    return seal({ header, payloads }, fromInitiator ? keys.initiator : keys.responder);
  }
}
