import type { ChildSaStatistics, IkeSaStatistics } from "./sa-statistics.ts";

/** A CHILD SA that charon lists. */
export interface ChildSa {
  /** The child's key. */
  readonly name: string;
  readonly uniqueId: string;
  readonly state: string;
  readonly ifId: number | undefined;
  readonly encryption: string | undefined;
  readonly integrity: string | undefined;
  /**
   * The methods of the key exchange that it was made with, such as `CURVE_25519/ML_KEM_768`. The
   * first CHILD SA of an IKE SA has none of its own, before its rekey.
   */
  readonly keyExchange: string | undefined;
  /** Whether ESP is encapsulated in UDP. */
  readonly encapsulated: boolean;
  /** The peer's address, which is that of the IKE SA. */
  readonly remoteHost: string;
  readonly localSelectors: readonly string[];
  readonly remoteSelectors: readonly string[];
  /** Left out of the lists that actors compare: statistics differ in every list. */
  readonly statistics?: ChildSaStatistics;
}

/** An IKE SA that charon lists. */
export interface IkeSa {
  /** The connection's name in charon. */
  readonly connection: string;
  readonly uniqueId: string;
  readonly state: string;
  readonly localId: string | undefined;
  readonly remoteId: string | undefined;
  readonly localHost: string;
  readonly remoteHost: string;
  /** The methods of its key exchange, such as `CURVE_25519/ML_KEM_768`. */
  readonly keyExchange: string | undefined;
  /** Tasks that are active, queued or passive, by charon's names: `IKE_INIT`, `CHILD_CREATE`. */
  readonly tasks: readonly string[];
  readonly children: readonly ChildSa[];
  /** Left out of the lists that actors compare: statistics differ in every list. */
  readonly statistics?: IkeSaStatistics;
}

/** Whether the successor of an IKE SA or a CHILD SA is being negotiated. */
export function isRekeying({ state }: Pick<IkeSa | ChildSa, "state">): boolean {
  return state === "REKEYING";
}

/** Whether an IKE SA is established, so that it can carry children. */
export function isEstablished(sa: Pick<IkeSa, "state">): boolean {
  return sa.state === "ESTABLISHED" || isRekeying(sa);
}

/**
 * Whether MOBIKE (RFC 4555) searches a path for an IKE SA. Until it has found one, the IKE SA
 * negotiates nothing else.
 */
export function isMoving(sa: Pick<IkeSa, "state" | "tasks">): boolean {
  return isEstablished(sa) && sa.tasks.includes("IKE_MOBIKE");
}

/** Whether a CHILD SA carries traffic. A rekeyed one stays listed for a while and does not. */
export function isInstalled(sa: Pick<ChildSa, "state">): boolean {
  return sa.state === "INSTALLED" || sa.state === "UPDATING" || isRekeying(sa);
}

/** Whether two lists of the SAs of one connection are equal. */
export function sameSas(a: readonly IkeSa[], b: readonly IkeSa[]): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
