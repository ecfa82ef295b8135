import { bytesOf, parseAddress } from "../../../src/model/net/address.ts";
import { IdType } from "../codec/numbers.ts";
import type { IdPayload } from "../codec/payload.ts";

/** An identity as the peer sends it. */
export interface PeerIdentity {
  /** By default the type that the text looks like: an address, an e-mail address or a name. */
  readonly type?: keyof typeof IdType;
  readonly text: string;
}

export function identityPayload(kind: IdPayload["kind"], { type, text }: PeerIdentity): IdPayload {
  const address = parseAddress(text);
  if (address !== undefined && (type === undefined || type === "ipv4" || type === "ipv6")) {
    const family = address.family === 4 ? IdType.ipv4 : IdType.ipv6;
    return { kind, type: family, data: Buffer.from(bytesOf(address)) };
  }
  return { kind, type: IdType[type ?? typeOfName(text)], data: Buffer.from(text) };
}

function typeOfName(text: string): "email" | "fqdn" {
  return text.includes("@") ? "email" : "fqdn";
}
