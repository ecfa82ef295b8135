import { addressFromBytes, type Address } from "../../model/net/address.ts";
import type { KernelCounters } from "../../model/traffic/sa-counters.ts";
import { Protocol, Sock } from "../linux/constants.ts";
import { attributesIn, u32Of } from "../netlink/reader.ts";
import { NetlinkSocket } from "../netlink/socket.ts";

// linux/xfrm.h: XFRM_MSG_GETSA, XFRMA_IF_ID, struct xfrm_usersa_info
const getSa = 18;
const attributeIfId = 31;
const saInfoBytes = 224;

/**
 * Lists the counters of the SAs with an if_id. The kernel's messages hold keys as well, which are
 * not read.
 *
 * @param namespace charon's, as a path
 * @throws {NetlinkError}
 */
export function listSaCounters(namespace: string | undefined): KernelCounters[] {
  using socket = NetlinkSocket.open(namespace, Protocol.xfrm);
  return socket
    .dump("list SAs", (writer) => writer.begin(getSa, 0, 0))
    .flatMap(({ body }) => saCountersIn(body) ?? []);
}

/**
 * Reads struct xfrm_usersa_info: the destination at 56, the source at 80, packets at 168 (struct
 * xfrm_lifetime_cur), integrity failures at 200 (struct xfrm_stats), the family at 212.
 */
export function saCountersIn(body: Buffer): KernelCounters | undefined {
  if (body.length < saInfoBytes) return undefined;
  const ifId = u32Of(attributesIn(body, saInfoBytes).get(attributeIfId));
  if (ifId === undefined) return undefined;
  const addressAt = (at: number): Address =>
    addressFromBytes(body.subarray(at, at + (body.readUInt16LE(212) === Sock.afInet ? 4 : 16)));
  return {
    ifId,
    destination: addressAt(56),
    source: addressAt(80),
    packets: Number(body.readBigUInt64LE(168)),
    integrityFailures: body.readUInt32LE(200),
  };
}
