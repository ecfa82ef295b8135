import { concatMap, type Observable } from "rxjs";
import type { SaEnd } from "../../model/sa-figures.ts";
import { monitor } from "./monitor.ts";
import type { Poller } from "./poller.ts";
import { Protocol } from "./constants.ts";
import { attributesIn, u32Of, type NetlinkMessage } from "./reader.ts";
import { NetlinkSocket, type Request } from "./socket.ts";

// linux/xfrm.h: XFRMNLGRP_EXPIRE, XFRMNLGRP_SA
const groups = [2, 3];

/** What the kernel tells of SAs. */
export type SaNews =
  /** A lifetime, soft or hard, is over, and charon is about to rekey; or some news was lost. */
  { readonly type: "sa.expired" } | { readonly type: "sa.deleted"; readonly end: SaEnd };

/**
 * What happens to the SAs of a namespace.
 *
 * @param namespace charon's, as a path
 */
export function saNews(poller: Poller, namespace: string | undefined): Observable<SaNews> {
  return monitor(poller, namespace, groups, Protocol.xfrm).pipe(
    concatMap((event) => {
      if (event.lost || event.message.type === expire) return [{ type: "sa.expired" as const }];
      const end = event.message.type === delSa ? endOf(event.message.body) : undefined;
      return end === undefined ? [] : [{ type: "sa.deleted" as const, end }];
    }),
  );
}

/**
 * Of a message that an SA was deleted: struct xfrm_usersa_id, and the SA as it was in an
 * attribute. Keys are in there, too; nothing else is read.
 */
function endOf(body: Buffer): SaEnd | undefined {
  const info = attributesIn(body, saIdBytes).get(attributeSa);
  if (info === undefined || info.length < sa.bytes) return undefined;
  return {
    spi: info.readUInt32BE(72).toString(16).padStart(8, "0"),
    // struct xfrm_lifetime_cur
    bytes: Number(info.readBigUInt64LE(160)),
    packets: Number(info.readBigUInt64LE(168)),
  };
}

/** What belongs to the charon that runs now, and what may be left of another. */
export interface Ownership {
  /** The if_ids that are ours. */
  readonly ifIds: ReadonlySet<number>;
  /** Those of them that charon lists CHILD SAs of. */
  readonly live: ReadonlySet<number>;
  /** When charon started, in seconds since the epoch. */
  readonly since: number;
}

/**
 * Removes what a charon that was killed left in the kernel: SAs and policies of our if_ids
 * that are older than the charon that runs now, which never takes over what it finds.
 *
 * @param namespace charon's, as a path
 * @returns how many SAs and policies were removed
 */
export function removeOrphans(namespace: string | undefined, ownership: Ownership): number {
  using socket = NetlinkSocket.open(namespace, Protocol.xfrm);
  const orphans = (kind: Kind) =>
    socket
      .dump(`list ${kind.name}`, (writer) => writer.begin(kind.get, 0, 0))
      .filter(({ body }) => isOrphan(kind, body, ownership));
  const requests = [...orphans(sa).map(deleteSa), ...orphans(policy).map(deletePolicy)];
  const [error] = socket.batch(requests);
  if (error !== undefined) throw error;
  return requests.length;
}

/** Numbers and offsets of linux/xfrm.h; only identifiers are read, never a key. */
interface Kind {
  readonly name: string;
  readonly get: number;
  /** Size of the fixed header, and where the time of creation is in it. */
  readonly bytes: number;
  readonly addedAt: number;
}

const sa: Kind = { name: "SAs", get: 18, bytes: 224, addedAt: 176 };
const policy: Kind = { name: "policies", get: 21, bytes: 168, addedAt: 136 };
const delSa = 17;
const expire = 24;
const saIdBytes = 24;
const attributeSa = 6;
const delPolicy = 20;
const attributeIfId = 31;

function isOrphan(kind: Kind, body: Buffer, { ifIds, live, since }: Ownership): boolean {
  const ifId = ifIdOf(kind, body);
  if (ifId === undefined || !ifIds.has(ifId)) return false;
  const added = Number(body.readBigUInt64LE(kind.addedAt));
  // The kernel counts whole seconds: of what came in the one in which charon started, its list
  // decides.
  return added + 1 <= since || (added <= since && !live.has(ifId));
}

function ifIdOf(kind: Kind, body: Buffer): number | undefined {
  if (body.length < kind.bytes) return undefined;
  return u32Of(attributesIn(body, kind.bytes).get(attributeIfId));
}

/** struct xfrm_usersa_id: address, SPI, family, protocol. */
function deleteSa({ body }: NetlinkMessage): Request {
  return {
    op: "delete an orphaned SA",
    tolerate: ["ESRCH"],
    write: (writer) => {
      writer.begin(delSa, 0, 24);
      writer.u16(20, body.readUInt16LE(212)).u8(22, body.readUInt8(76));
      writer.fill(0, body.subarray(56, 76));
    },
  };
}

/** struct xfrm_userpolicy_id: selector, index, direction. */
function deletePolicy({ body }: NetlinkMessage): Request {
  return {
    op: "delete an orphaned policy",
    tolerate: ["ENOENT"],
    write: (writer) => {
      writer.begin(delPolicy, 0, 64);
      writer.u32(56, body.readUInt32LE(156)).u8(60, body.readUInt8(160));
      writer.fill(0, body.subarray(0, 56));
      writer.attributeU32(attributeIfId, ifIdOf(policy, body) ?? 0);
    },
  };
}
