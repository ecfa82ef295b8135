import type { Child, Connection } from "../api/connection.ts";
import type { SelectorSet } from "../api/selector-sets.ts";
import { sameIdentity } from "../identity/identity.ts";
import { contains, formatPrefix, overlap, parsePrefix, type Prefix } from "../net/prefix.ts";
import type { ChildSa, IkeSa } from "./sa.ts";

/**
 * How an IKE SA differs from the declaration of its connection, in words; undefined if it does
 * not. Addresses do not count, since MOBIKE may have changed them.
 */
export function ikeSaDifference(sa: IkeSa, connection: Connection): string | undefined {
  return (
    idDifference("localId", connection.localId, sa.localId) ??
    idDifference("remoteId", connection.remoteId, sa.remoteId)
  );
}

/** The same for a CHILD SA and its child. */
export function childSaDifference(sa: ChildSa, child: Child): string | undefined {
  if (sa.ifId !== undefined && sa.ifId !== child.ifId) {
    return `if_id is declared as ${child.ifId}, and charon has ${sa.ifId}`;
  }
  const set = setOf(sa, child);
  if (set === undefined) {
    return `selectorMode or networks are declared otherwise, and charon has a CHILD SA ${sa.name}`;
  }
  return (
    selectorDifference("local_ips", set.local, sa.localSelectors) ??
    selectorDifference("remote_ips", set.remote, sa.remoteSelectors)
  );
}

function setOf({ name }: ChildSa, { selectorSets }: Child): SelectorSet | undefined {
  return selectorSets.find((set) => set.name === name);
}

/**
 * Whether a CHILD SA was made from an earlier declaration: it has another if_id, another name or
 * networks outside the declared ones, which charon never negotiates for this declaration.
 */
export function isOfEarlierSpec(sa: ChildSa, child: Child): boolean {
  const set = setOf(sa, child);
  return (
    (sa.ifId !== undefined && sa.ifId !== child.ifId) ||
    set === undefined ||
    foreignOf(set.local, sa.localSelectors).length > 0 ||
    foreignOf(set.remote, sa.remoteSelectors).length > 0
  );
}

/** The listed networks that are not within a declared one. */
function foreignOf(declared: readonly Prefix[], listed: readonly string[]): string[] {
  if (declared.length === 0) return [];
  return listed.filter((text) => {
    const prefix = parsePrefix(text);
    if (prefix === undefined) return false;
    return !declared.some((d) => d.length <= prefix.length && contains(d, prefix.address));
  });
}

/** An IKE SA has no identities before it is authenticated. */
function idDifference(
  field: string,
  declared: string,
  listed: string | undefined,
): string | undefined {
  if (listed === undefined || sameIdentity(listed, declared)) return undefined;
  return `${field} is declared as "${declared}", and charon has "${listed}"`;
}

/**
 * The peer may have narrowed a network, and charon leaves out a network within another one. A
 * difference is a declared network that has no part in the SA, or a listed one that is not
 * declared.
 */
function selectorDifference(
  field: string,
  declared: readonly Prefix[],
  listed: readonly string[],
): string | undefined {
  if (declared.length === 0) return undefined;
  const parsed = listed.map((text) => ({ prefix: parsePrefix(text) }));
  const foreign = foreignOf(declared, listed);
  const missing = declared
    .filter((d) => !parsed.some(({ prefix }) => prefix === undefined || overlap(prefix, d)))
    .map(formatPrefix);
  if (foreign.length === 0 && missing.length === 0) return undefined;
  const has = listed.length === 0 ? "none" : listed.join(", ");
  return `${field} is declared as ${declared.map(formatPrefix).join(", ")}, and charon has ${has}${reasons(missing, foreign)}`;
}

function reasons(missing: readonly string[], foreign: readonly string[]): string {
  if (missing.length > 0) return ` (the peer left out ${missing.join(", ")})`;
  return ` (${foreign.join(", ")} is not declared)`;
}
