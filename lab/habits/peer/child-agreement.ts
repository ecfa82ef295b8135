import { randomBytes } from "node:crypto";
import { Transform, TransformType, type NotifyName } from "../codec/numbers.ts";
import { notifyPayload, payloadOf, type Payload } from "../codec/payload.ts";
import { KeyExchange } from "../keys/key-exchange.ts";
import type { Habits } from "./habits.ts";
import { chosenProposal, isForChild } from "./suite.ts";

/** The SPIs with which either side receives. A CHILD SA of the peer has no more than these. */
export interface ChildSpis {
  readonly own: Buffer;
  readonly other: Buffer;
}

export interface ChildAgreement {
  readonly child: ChildSpis;
  readonly payloads: readonly Payload[];
}

export const espSpiBytes = 4;
export const nonceBytes = 32;

/** The answer to the request for a CHILD SA, or the notify that refuses it. */
export function agreeOnChild(
  request: readonly Payload[],
  { narrows, singlePair }: Habits,
): ChildAgreement | NotifyName {
  const offer = payloadOf(request, "sa");
  const initiator = payloadOf(request, "tsInitiator")?.selectors ?? [];
  const responder = payloadOf(request, "tsResponder")?.selectors ?? [];
  if (offer === undefined || initiator.length === 0 || responder.length === 0)
    return "INVALID_SYNTAX";
  if (singlePair && (initiator.length > 1 || responder.length > 1)) return "SINGLE_PAIR_REQUIRED";
  const proposal = chosenProposal(offer.proposals, isForChild, randomBytes(espSpiBytes));
  if (proposal === undefined) return "NO_PROPOSAL_CHOSEN";
  const exchanges = proposal.transforms.some(
    ({ type, id }) => type === TransformType.keyExchange && id === Transform.ecp256,
  );
  if (exchanges && payloadOf(request, "keyExchange")?.group !== Transform.ecp256)
    return "INVALID_KE_PAYLOAD";
  const most = narrows ? 1 : Infinity;
  const chosen = offer.proposals.find(({ number }) => number === proposal.number);
  return {
    child: { own: proposal.spi, other: chosen?.spi ?? Buffer.alloc(0) },
    payloads: [
      { kind: "sa", proposals: [proposal] },
      ...(payloadOf(request, "nonce") === undefined ? [] : [noncePayload()]),
      ...(exchanges ? [keyExchangePayload()] : []),
      { kind: "tsInitiator", selectors: initiator.slice(0, most) },
      { kind: "tsResponder", selectors: responder.slice(0, most) },
    ],
  };
}

/** The notify that refuses a request; INVALID_KE_PAYLOAD asks for a group that was not used. */
export function refusalPayload(name: NotifyName, request: readonly Payload[]): Payload {
  if (name !== "INVALID_KE_PAYLOAD") return notifyPayload(name);
  const isOurs = payloadOf(request, "keyExchange")?.group === Transform.ecp256;
  const group = Buffer.alloc(2);
  group.writeUInt16BE(isOurs ? Transform.modp2048 : Transform.ecp256);
  return notifyPayload(name, group);
}

function noncePayload(): Payload {
  return { kind: "nonce", data: randomBytes(nonceBytes) };
}

/** A public value whose secret is forgotten, since the peer sends no packets. */
function keyExchangePayload(): Payload {
  return { kind: "keyExchange", group: Transform.ecp256, data: new KeyExchange().publicValue };
}
