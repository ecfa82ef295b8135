import { isInstalled, type ChildSa, type IkeSa } from "./sa.ts";

/** SAs to end, by their unique ids. */
export interface SurplusSas {
  readonly ikeSas: readonly string[];
  /** CHILD SAs of other IKE SAs. */
  readonly childSas: readonly string[];
}

/** The tasks of charon that replace an IKE SA, or may be about to. */
const replacing = /REKEY|REAUTH|MOBIKE/;

/**
 * The SAs that newer ones make superfluous:
 *
 * - established IKE SAs, if newer ones of the same peer have a CHILD SA for the same networks for each
 *   of theirs. They remain when a peer restarts and initiates, when both sides initiate at once, or
 *   when both reauthenticate.
 * - CHILD SAs, if the same IKE SA has a newer one for the same networks. They remain when a peer
 *   negotiates a CHILD SA that exists.
 *
 * The newest CHILD SA is the one that both kernels send with. An IKE SA that charon replaces, or that
 * is about to replace another one, is neither superfluous nor makes others so; they do not wait for it,
 * since SAs that multiply are replaced one after the other without a pause.
 */
export function surplusSas(sas: readonly IkeSa[]): SurplusSas {
  const established = sas
    .filter((sa) => sa.state === "ESTABLISHED" && !isBeingReplaced(sa))
    .toSorted((a, b) => newestOf(b) - newestOf(a));
  const isSurplus = (sa: IkeSa, at: number) => {
    const newer = established.slice(0, at).filter(({ remoteId }) => remoteId === sa.remoteId);
    const covered = new Set(newer.flatMap(trafficOf));
    const own = trafficOf(sa);
    return own.length > 0 && own.every((traffic) => covered.has(traffic));
  };
  const surplus = established.filter(isSurplus);
  const kept = established.filter((sa) => !surplus.includes(sa));
  return { ikeSas: surplus.map(({ uniqueId }) => uniqueId), childSas: kept.flatMap(repeatedIn) };
}

/**
 * Whether more than two IKE SAs of the same peer have a CHILD SA for the same networks, so that one of
 * the superfluous ones makes another one so.
 */
export function isCrowded(sas: readonly IkeSa[]): boolean {
  const { ikeSas } = surplusSas(sas);
  return surplusSas(sas.filter(({ uniqueId }) => ikeSas.includes(uniqueId))).ikeSas.length > 0;
}

function isBeingReplaced({ tasks }: IkeSa): boolean {
  return tasks.some((task) => replacing.test(task));
}

/**
 * The number of an IKE SA's newest CHILD SA. Unique ids of IKE SAs are in the order in which their
 * negotiation began, which says little where two of them crossed.
 */
function newestOf({ children }: IkeSa): number {
  return Math.max(0, ...children.filter(isInstalled).map(numberOf));
}

function numberOf({ uniqueId }: ChildSa): number {
  return Number(uniqueId);
}

/** The traffic of each CHILD SA that is installed, as text. */
function trafficOf({ children }: IkeSa): string[] {
  return children.filter(isInstalled).map(textOf);
}

/** The unique ids of CHILD SAs for whose traffic an IKE SA has a newer one. */
function repeatedIn({ children, tasks }: IkeSa): string[] {
  const isBusy = tasks.some((task) => task.startsWith("CHILD_"));
  if (isBusy || children.some(({ state }) => state === "REKEYING")) return [];
  const installed = children.filter(isInstalled);
  return Map.groupBy(installed, textOf)
    .values()
    .flatMap((same) => same.toSorted((a, b) => numberOf(b) - numberOf(a)).slice(1))
    .map(({ uniqueId }) => uniqueId)
    .toArray();
}

function textOf({ name, localSelectors, remoteSelectors }: ChildSa): string {
  return JSON.stringify([name, localSelectors.toSorted(), remoteSelectors.toSorted()]);
}
