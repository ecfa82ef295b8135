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

function installed(sas: readonly IkeSa[]): string[] {
  return sas
    .flatMap(({ children }) => children.filter(isInstalled))
    .map(({ uniqueId }) => uniqueId);
}
