import { concatMap, type Observable } from "rxjs";
import type { SaEnd } from "../../model/charon/sa-statistics.ts";
import { Protocol } from "../linux/constants.ts";
import type { DescriptorWatcher } from "../linux/poller.ts";
import { monitor } from "../netlink/monitor.ts";
import { attributesIn } from "../netlink/reader.ts";

// linux/xfrm.h: XFRMNLGRP_EXPIRE, XFRMNLGRP_SA
const groups = [2, 3];
// linux/xfrm.h: XFRM_MSG_DELSA, XFRM_MSG_EXPIRE, XFRMA_SA
const delSa = 17;
const expire = 24;
const attributeSa = 6;
/** struct xfrm_usersa_id */
const saIdBytes = 24;
/** struct xfrm_usersa_info */
const saInfoBytes = 224;

/** An event of an SA in the kernel. */
export type SaEvent =
  /** A lifetime, soft or hard, is over, and charon is about to rekey; or events were lost. */
  { readonly type: "sa.expired" } | { readonly type: "sa.deleted"; readonly end: SaEnd };

/**
 * Emits the events of the SAs in a namespace.
 *
 * @param namespace charon's, as a path
 */
export function saEvents(
  poller: DescriptorWatcher,
  namespace: string | undefined,
): Observable<SaEvent> {
  return monitor(poller, namespace, groups, Protocol.xfrm).pipe(
    concatMap((event) => {
      if (event.lost || event.message.type === expire) return [{ type: "sa.expired" as const }];
      const end = event.message.type === delSa ? endOf(event.message.body) : undefined;
      return end === undefined ? [] : [{ type: "sa.deleted" as const, end }];
    }),
  );
}

/**
 * Reads the report of a deleted SA: struct xfrm_usersa_id, then an attribute with the SA as it
 * was. The attribute holds keys as well; nothing but SPI and counters is read.
 */
function endOf(body: Buffer): SaEnd | undefined {
  const info = attributesIn(body, saIdBytes).get(attributeSa);
  if (info === undefined || info.length < saInfoBytes) return undefined;
  return {
    spi: info.readUInt32BE(72).toString(16).padStart(8, "0"),
    // struct xfrm_lifetime_cur
    bytes: Number(info.readBigUInt64LE(160)),
    packets: Number(info.readBigUInt64LE(168)),
  };
}
