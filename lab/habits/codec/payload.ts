import { ByteReader, IkeSyntaxError } from "./byte-reader.ts";
import { Notify, PayloadType, Protocol, type NotifyName } from "./numbers.ts";
import { decodeProposals, encodeProposals, type SaProposal } from "./proposal.ts";
import { decodeSelectors, encodeSelectors, type TrafficSelector } from "./selector.ts";

/** A payload of an IKE message (RFC 7296, section 3). */
export type Payload =
  | { readonly kind: "sa"; readonly proposals: readonly SaProposal[] }
  | { readonly kind: "keyExchange"; readonly group: number; readonly data: Buffer }
  | IdPayload
  | { readonly kind: "auth"; readonly method: number; readonly data: Buffer }
  | { readonly kind: "nonce"; readonly data: Buffer }
  | {
      readonly kind: "notify";
      readonly protocol: number;
      readonly spi: Buffer;
      readonly type: number;
      readonly data: Buffer;
    }
  | { readonly kind: "delete"; readonly protocol: number; readonly spis: readonly Buffer[] }
  | { readonly kind: "tsInitiator"; readonly selectors: readonly TrafficSelector[] }
  | { readonly kind: "tsResponder"; readonly selectors: readonly TrafficSelector[] }
  | { readonly kind: "other"; readonly type: number; readonly body: Buffer };

/** The identity of either side. */
export type IdPayload =
  | { readonly kind: "idInitiator"; readonly type: number; readonly data: Buffer }
  | { readonly kind: "idResponder"; readonly type: number; readonly data: Buffer };

type Kind = Payload["kind"];

/** The first payload of a kind; undefined without one. */
export function payloadOf<K extends Kind>(
  payloads: readonly Payload[],
  kind: K,
): Extract<Payload, { readonly kind: K }> | undefined {
  return payloads.find(
    (payload): payload is Extract<Payload, { readonly kind: K }> => payload.kind === kind,
  );
}

/** A notify that concerns the IKE SA, or the request that it answers. */
export function notifyPayload(name: NotifyName, data = Buffer.alloc(0)): Payload {
  const spi = Buffer.alloc(0);
  return { kind: "notify", protocol: Protocol.none, spi, type: Notify[name], data };
}

/** The bytes of payloads, and the type of the first. */
export interface PayloadChain {
  readonly first: number;
  readonly bytes: Buffer;
}

export function encodePayloads(payloads: readonly Payload[]): PayloadChain {
  const types = payloads.map(typeOf);
  const parts = payloads.flatMap((payload, i) => {
    const body = encodeBody(payload);
    return [payloadHeader(types[i + 1] ?? PayloadType.none, body.length), body];
  });
  return { first: types[0] ?? PayloadType.none, bytes: Buffer.concat(parts) };
}

/** @throws {IkeSyntaxError} */
export function decodePayloads({ first, bytes }: PayloadChain): Payload[] {
  const reader = new ByteReader(bytes);
  const payloads: Payload[] = [];
  for (let type = first; type !== PayloadType.none;) {
    const next = reader.u8();
    reader.u8();
    payloads.push(decodeBody(type, reader.take(reader.u16() - 4)));
    type = next;
  }
  reader.end();
  return payloads;
}

/** The generic header: the type of the payload after this one, and the length. */
export function payloadHeader(next: number, bodyBytes: number): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt8(next, 0);
  header.writeUInt16BE(header.length + bodyBytes, 2);
  return header;
}

/** The body of an identity, which the peers also authenticate. */
export function idBody({ type, data }: Pick<IdPayload, "type" | "data">): Buffer {
  return Buffer.concat([Buffer.from([type, 0, 0, 0]), data]);
}

function typeOf(payload: Payload): number {
  return payload.kind === "other" ? payload.type : PayloadType[payload.kind];
}

function encodeBody(payload: Payload): Buffer {
  switch (payload.kind) {
    case "sa":
      return encodeProposals(payload.proposals);
    case "keyExchange": {
      const header = Buffer.alloc(4);
      header.writeUInt16BE(payload.group, 0);
      return Buffer.concat([header, payload.data]);
    }
    case "idInitiator":
    case "idResponder":
      return idBody(payload);
    case "auth":
      return Buffer.concat([Buffer.from([payload.method, 0, 0, 0]), payload.data]);
    case "nonce":
      return payload.data;
    case "notify": {
      const { protocol, spi, type, data } = payload;
      const header = Buffer.from([protocol, spi.length, 0, 0]);
      header.writeUInt16BE(type, 2);
      return Buffer.concat([header, spi, data]);
    }
    case "delete": {
      const { protocol, spis } = payload;
      const header = Buffer.from([protocol, spis[0]?.length ?? 0, 0, 0]);
      header.writeUInt16BE(spis.length, 2);
      return Buffer.concat([header, ...spis]);
    }
    case "tsInitiator":
    case "tsResponder":
      return encodeSelectors(payload.selectors);
    case "other":
      break;
  }
  return payload.body;
}

function decodeBody(type: number, body: Buffer): Payload {
  const reader = new ByteReader(body);
  switch (type) {
    case PayloadType.sa:
      return { kind: "sa", proposals: decodeProposals(body) };
    case PayloadType.keyExchange: {
      const group = reader.u16();
      reader.take(2);
      return { kind: "keyExchange", group, data: reader.rest() };
    }
    case PayloadType.idInitiator:
      return { kind: "idInitiator", ...decodeTyped(reader) };
    case PayloadType.idResponder:
      return { kind: "idResponder", ...decodeTyped(reader) };
    case PayloadType.auth: {
      const { type: method, data } = decodeTyped(reader);
      return { kind: "auth", method, data };
    }
    case PayloadType.nonce:
      return { kind: "nonce", data: reader.rest() };
    case PayloadType.notify: {
      const protocol = reader.u8();
      const spiBytes = reader.u8();
      const notify = reader.u16();
      const spi = reader.take(spiBytes);
      return { kind: "notify", protocol, spi, type: notify, data: reader.rest() };
    }
    case PayloadType.delete:
      return decodeDelete(reader);
    case PayloadType.tsInitiator:
      return { kind: "tsInitiator", selectors: decodeSelectors(body) };
    case PayloadType.tsResponder:
      return { kind: "tsResponder", selectors: decodeSelectors(body) };
    default:
      return { kind: "other", type, body };
  }
}

/** A type, three reserved bytes and data: an identity or an authentication. */
function decodeTyped(reader: ByteReader): { type: number; data: Buffer } {
  const type = reader.u8();
  reader.take(3);
  return { type, data: reader.rest() };
}

function decodeDelete(reader: ByteReader): Payload {
  const protocol = reader.u8();
  const spiBytes = reader.u8();
  const count = reader.u16();
  if (spiBytes === 0 && count > 0) throw new IkeSyntaxError(`${count} SPIs without bytes`);
  const spis = Array.from({ length: count }, () => reader.take(spiBytes));
  reader.end();
  return { kind: "delete", protocol, spis };
}
