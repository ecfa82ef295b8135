import type { Child, Connection } from "./connection.ts";
import { sameIdentity } from "./identity.ts";
import { contains, formatPrefix, overlap, parsePrefix, type Prefix } from "./prefix.ts";
import type { ChildSa, IkeSa } from "./sa.ts";

/**
 * How an IKE SA that exists differs from what the connection declares, in words; undefined
 * where it does not. Its addresses do not count: either end may have moved it.
 */
export function ikeSaDifference(sa: IkeSa, connection: Connection): string | undefined {
  return (
    idDifference("localId", connection.localId, sa.localId) ??
    idDifference("remoteId", connection.remoteId, sa.remoteId)
  );
}

/** As {@link ikeSaDifference}, of a CHILD SA. */
export function childSaDifference(sa: ChildSa, child: Child): string | undefined {
  if (sa.ifId !== undefined && sa.ifId !== child.ifId) {
    return `if_id is declared as ${child.ifId}, and charon has ${sa.ifId}`;
  }
  return (
    selectorDifference("local_ips", child.localSelectors, sa.localSelectors) ??
    selectorDifference("remote_ips", child.remoteSelectors, sa.remoteSelectors)
  );
}

/** Before authentication there are no ids. */
function idDifference(
  field: string,
  declared: string,
  listed: string | undefined,
): string | undefined {
  if (listed === undefined || sameIdentity(listed, declared)) return undefined;
  return `${field} is declared as "${declared}", and charon has "${listed}"`;
}

/**
 * The peer may have narrowed a network, and charon leaves out one that lies within another:
 * what counts is a network that has no part in the SA, and one that is not declared.
 */
function selectorDifference(
  field: string,
  declared: readonly Prefix[],
  listed: readonly string[],
): string | undefined {
  if (declared.length === 0) return undefined;
  const parsed = listed.map((text) => ({ text, prefix: parsePrefix(text) }));
  const isDeclared = (prefix: Prefix | undefined) =>
    prefix === undefined ||
    declared.some((d) => d.length <= prefix.length && contains(d, prefix.address));
  const foreign = parsed.filter(({ prefix }) => !isDeclared(prefix)).map(({ text }) => text);
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
