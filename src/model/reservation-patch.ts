import type { ConnectionResource } from "./connection-resource.ts";
import { pointer, testOf, type PatchOperation } from "./json-patch.ts";

/** A change of the addresses that are reserved; all of it comes to pass, or nothing. */
export interface ReservationChange {
  /** Free ones: address → its stamp. */
  readonly reserve?: Readonly<Record<string, string>>;
  /** Address → the stamp that it has: another's reservation of it stays. */
  readonly end?: Readonly<Record<string, string>>;
  /** The pods up to this version were seen. */
  readonly podsVersion?: string;
}

const status = "/status";
const pending = "/status/pendingIps";
const version = "/status/podsVersion";

/**
 * Compare-and-swap of just what a change was thought out on: replicas that write different
 * addresses at once are not in each other's way.
 *
 * @param base the connection on which the change was thought out
 */
export function reservationPatch(
  base: ConnectionResource,
  { reserve = {}, end = {}, podsVersion }: ReservationChange,
): PatchOperation[] {
  const reserved = Object.entries(reserve);
  const ended = Object.entries(end);
  if (reserved.length + ended.length === 0) return [];
  return [
    ...premises(base),
    ...placeFor(base),
    ...ended.flatMap(([address, stamp]): PatchOperation[] => {
      const path = pathOf(address);
      return [testOf(path, stamp), { op: "remove", path }];
    }),
    ...reserved.flatMap(([address, value]): PatchOperation[] => {
      const path = pathOf(address);
      return [testOf(path, undefined), { op: "add", path, value }];
    }),
    ...(podsVersion === undefined
      ? []
      : [{ op: "add" as const, path: version, value: podsVersion }]),
  ];
}

/** Another object, another spec, or pods that others have seen: think again. */
function premises({ metadata, status: had }: ConnectionResource): PatchOperation[] {
  return [
    testOf("/metadata/uid", metadata.uid),
    testOf("/metadata/generation", metadata.generation),
    ...(had === undefined ? [] : [testOf(version, had.podsVersion)]),
  ];
}

/** Whoever makes the map first makes it alone: an `add` would replace another's. */
function placeFor({ status: had }: ConnectionResource): PatchOperation[] {
  if (had === undefined)
    return [testOf(status, undefined), { op: "add", path: status, value: { pendingIps: {} } }];
  if (had.pendingIps !== undefined) return [];
  return [testOf(pending, undefined), { op: "add", path: pending, value: {} }];
}

function pathOf(address: string): string {
  return pointer("status", "pendingIps", address);
}
