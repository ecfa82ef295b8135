import { randomBytes } from "node:crypto";
import { IkeSyntaxError } from "../codec/byte-reader.ts";
import { decodeMessage, encodeMessage, noSpi, type IkeHeader } from "../codec/message.ts";
import { Exchange, Protocol, Transform, type NotifyName } from "../codec/numbers.ts";
import { payloadOf, type Payload } from "../codec/payload.ts";
import {
  firstKeys,
  type Contribution,
  type Contributions,
  type IkeKeys,
} from "../keys/ike-keys.ts";
import { KeyExchange } from "../keys/key-exchange.ts";
import { nonceBytes, refusalPayload } from "./child-agreement.ts";
import type { Habits } from "./habits.ts";
import { chosenProposal, ikeSuite, isInIkeSuite } from "./suite.ts";

/** The IKE_SA_INIT exchange of an IKE SA, after which its messages are encrypted. */
export interface Opened {
  readonly both: Contributions;
  readonly keys: IkeKeys;
  readonly request: Buffer;
  readonly response: Buffer;
}

export interface RefusedOpening {
  readonly refusal: NotifyName;
  readonly response: Buffer;
}

const spiBytes = 8;

/** A random SPI of an IKE SA and a random nonce. */
export function newContribution(): Contribution {
  return { spi: randomBytes(spiBytes).toString("hex"), nonce: randomBytes(nonceBytes) };
}

/** Answers IKE_SA_INIT; undefined for silence. @throws {IkeSyntaxError} */
export function answerOpening(
  request: Buffer,
  { refuses }: Habits,
): Opened | RefusedOpening | undefined {
  const { header, payloads } = decodeMessage(request);
  const parts = openingParts(payloads);
  const proposal = chosenProposal(parts.proposals, isInIkeSuite, Buffer.alloc(0));
  const refusal = refuses?.ikeSa ?? faultOf(proposal, parts.group);
  if (refusal === "silence") return undefined;
  if (refusal !== undefined || proposal === undefined) {
    const name = refusal ?? "NO_PROPOSAL_CHOSEN";
    const refused = [refusalPayload(name, payloads)];
    return { refusal: name, response: encodeMessage(responseOf(header, noSpi, refused)) };
  }
  const keyExchange = new KeyExchange();
  const shared = keyExchange.shared(parts.value);
  const both = {
    initiator: { spi: header.initiatorSpi, nonce: parts.nonce },
    responder: newContribution(),
  };
  const answer: Payload[] = [
    { kind: "sa", proposals: [proposal] },
    keyExchangeOf(keyExchange),
    { kind: "nonce", data: both.responder.nonce },
  ];
  const response = encodeMessage(responseOf(header, both.responder.spi, answer));
  return { both, keys: firstKeys(shared, both), request, response };
}

/** An IKE_SA_INIT of the peer itself. */
export function beginOpening(): {
  readonly spi: string;
  readonly request: Buffer;
  /** Derives the keys from the answer. @throws {IkeSyntaxError} if it is a refusal */
  readonly complete: (response: Buffer) => Opened;
} {
  const initiator = newContribution();
  const keyExchange = new KeyExchange();
  const header: IkeHeader = {
    initiatorSpi: initiator.spi,
    responderSpi: noSpi,
    exchange: Exchange.IKE_SA_INIT,
    fromInitiator: true,
    isResponse: false,
    messageId: 0,
  };
  const empty = Buffer.alloc(0);
  const proposal = { number: 1, protocol: Protocol.ike, spi: empty, transforms: ikeSuite };
  const payloads: Payload[] = [
    { kind: "sa", proposals: [proposal] },
    keyExchangeOf(keyExchange),
    { kind: "nonce", data: initiator.nonce },
  ];
  const request = encodeMessage({ header, payloads });
  const complete = (response: Buffer) => {
    const answer = decodeMessage(response);
    const { nonce, value } = openingParts(answer.payloads);
    const both = { initiator, responder: { spi: answer.header.responderSpi, nonce } };
    return { both, keys: firstKeys(keyExchange.shared(value), both), request, response };
  };
  return { spi: initiator.spi, request, complete };
}

/** The parts of IKE_SA_INIT, or of the request for the successor of an IKE SA. */
export function openingParts(payloads: readonly Payload[]) {
  const sa = payloadOf(payloads, "sa");
  const keyExchange = payloadOf(payloads, "keyExchange");
  const nonce = payloadOf(payloads, "nonce");
  if (sa === undefined || keyExchange === undefined || nonce === undefined)
    throw new IkeSyntaxError("SA, KE or nonce is missing");
  const { group, data: value } = keyExchange;
  return { proposals: sa.proposals, group, value, nonce: nonce.data };
}

export function keyExchangeOf({ publicValue }: KeyExchange): Payload {
  return { kind: "keyExchange", group: Transform.ecp256, data: publicValue };
}

/** The notify that refuses a proposal that the peer does not speak. */
export function faultOf(proposal: object | undefined, group: number): NotifyName | undefined {
  if (proposal === undefined) return "NO_PROPOSAL_CHOSEN";
  return group === Transform.ecp256 ? undefined : "INVALID_KE_PAYLOAD";
}

function responseOf(request: IkeHeader, responderSpi: string, payloads: readonly Payload[]) {
  const header = { ...request, responderSpi, fromInitiator: false, isResponse: true };
  return { header, payloads };
}
