import type { Child, Connection } from "./connection.ts";
import { sameIdentity } from "./identity.ts";
import { contains, parsePrefix, type Prefix } from "./prefix.ts";
import type { ChildSa, IkeSa } from "./sa.ts";

/**
 * True where an SA that exists is no longer what the connection declares. Its addresses do
 * not count: either end may have moved it.
 */
export function ikeSaDrifted(sa: IkeSa, connection: Connection): boolean {
  return !sameId(sa.localId, connection.localId) || !sameId(sa.remoteId, connection.remoteId);
}

/** As {@link ikeSaDrifted}, of a CHILD SA. The peer may have narrowed the selectors. */
export function childSaDrifted(sa: ChildSa, child: Child): boolean {
  if (sa.ifId !== undefined && sa.ifId !== child.ifId) return true;
  return (
    !covered(sa.localSelectors, child.localSelectors) ||
    !covered(sa.remoteSelectors, child.remoteSelectors)
  );
}

/** Before authentication there are no ids. */
function sameId(actual: string | undefined, declared: string): boolean {
  return actual === undefined || sameIdentity(actual, declared);
}

function covered(actual: readonly string[], declared: readonly Prefix[]): boolean {
  if (declared.length === 0) return true;
  const within = (selector: string) => {
    const prefix = parsePrefix(selector);
    return (
      prefix === undefined ||
      declared.some((d) => d.length <= prefix.length && contains(d, prefix.address))
    );
  };
  return actual.every(within) && declared.every((d) => actual.some((a) => touches(a, d)));
}

function touches(selector: string, declared: Prefix): boolean {
  const prefix = parsePrefix(selector);
  return prefix === undefined || contains(declared, prefix.address);
}
