import type { Connection } from "../../model/api/connection.ts";
import { isEstablished, isInstalled, type IkeSa } from "../../model/charon/sa.ts";

/** Whether a list has a CHILD SA that the one before did not have, or had not installed yet. */
export function hasNewChildSa(before: readonly IkeSa[], after: readonly IkeSa[]): boolean {
  const known = new Set(installed(before));
  return installed(after).some((id) => !known.has(id));
}

/**
 * Whether the last IKE SA has ended without a command of ipman: the peer or charon ended it.
 *
 * @param outdated the unique ids of the IKE SAs that ipman ends
 */
export function hasClosed(
  before: readonly IkeSa[],
  after: readonly IkeSa[],
  outdated: readonly string[],
): boolean {
  if (after.some(isEstablished)) return false;
  return before.some((sa) => isEstablished(sa) && !outdated.includes(sa.uniqueId));
}

/** Whether the path stands by without SAs. */
export function isCold({ standsBy, children }: Connection): boolean {
  return standsBy === undefined && children.every((child) => child.standsBy === true);
}

/**
 * Has each listed IKE SA end, until there is none: charon may have begun one at the command of a child
 * before the path was to have none.
 */
export function purged(outdated: readonly string[], ikeSas: readonly IkeSa[]) {
  if (ikeSas.length === 0) return { purges: false };
  const listed = ikeSas.map(({ uniqueId }) => uniqueId);
  return { outdated: [...new Set([...outdated, ...listed])] };
}

function installed(sas: readonly IkeSa[]): string[] {
  return sas
    .flatMap(({ children }) => children.filter(isInstalled))
    .map(({ uniqueId }) => uniqueId);
}
