import { isInstalled, type ChildSa, type IkeSa } from "./sa.ts";

/** The tasks of charon that replace an IKE SA, or may be about to. */
const replacing = /REKEY|REAUTH|MOBIKE/;

/**
 * The unique ids of established IKE SAs that a newer one makes superfluous: it is of the same peer
 * and has a CHILD SA for the same networks for each of theirs. Such SAs remain when a peer restarts
 * and initiates, or when both sides reauthenticate. Empty while charon replaces one of the SAs.
 */
export function surplusSas(ikeSas: readonly IkeSa[]): string[] {
  if (ikeSas.some(isBeingReplaced)) return [];
  const established = ikeSas
    .filter(({ state }) => state === "ESTABLISHED")
    .toSorted((a, b) => Number(b.uniqueId) - Number(a.uniqueId));
  return established
    .filter((sa, at) => {
      const newer = established.slice(0, at).filter(({ remoteId }) => remoteId === sa.remoteId);
      const covered = new Set(newer.flatMap(trafficOf));
      const own = trafficOf(sa);
      return own.length > 0 && own.every((traffic) => covered.has(traffic));
    })
    .map(({ uniqueId }) => uniqueId);
}

function isBeingReplaced({ state, tasks }: IkeSa): boolean {
  return state === "REKEYING" || tasks.some((task) => replacing.test(task));
}

/** The traffic of each CHILD SA that is installed, as text. */
function trafficOf({ children }: IkeSa): string[] {
  return children.filter(isInstalled).map(textOf);
}

function textOf({ name, localSelectors, remoteSelectors }: ChildSa): string {
  return JSON.stringify([name, localSelectors.toSorted(), remoteSelectors.toSorted()]);
}
