import type { Child, Connection } from "../api/connection.ts";
import { parseIdentity } from "./identity.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../net/prefix.ts";
import { isSection, textIn, type Section } from "./section.ts";

/**
 * What charon had of a connection before it was loaded again, as it is declared now. What
 * its SAs are otherwise is then what the peer makes of it, and not what is left of an
 * earlier declaration.
 */
export interface LoadedAlike {
  readonly identities: boolean;
  /** The keys of children with the same networks. */
  readonly children: readonly string[];
}

/** @param listed one message of `list-conns` */
export function loadedAlike(listed: Section, connection: Connection): LoadedAlike {
  const loaded = listed[connection.name];
  if (!isSection(loaded)) return { identities: false, children: [] };
  const children = isSection(loaded["children"]) ? loaded["children"] : {};
  return {
    identities:
      isIdentity(loaded["local-1"], connection.localId) &&
      isIdentity(loaded["remote-1"], connection.remoteId),
    children: connection.children
      .filter((child) => hasNetworks(children[child.key], child))
      .map(({ key }) => key),
  };
}

function isIdentity(authentication: unknown, declared: string): boolean {
  if (!isSection(authentication)) return false;
  // charon lists no identity where any will do.
  return (textIn(authentication, "id") ?? "%any") === parseIdentity(declared).text;
}

function hasNetworks(loaded: unknown, child: Child): boolean {
  if (!isSection(loaded)) return false;
  return (
    isSame(loaded["local-ts"], child.localSelectors) &&
    isSame(loaded["remote-ts"], child.remoteSelectors)
  );
}

function isSame(listed: unknown, declared: readonly Prefix[]): boolean {
  if (declared.length === 0) return true;
  if (!Array.isArray(listed)) return false;
  const networks = listed.map((text) => parsePrefix(String(text)));
  const textOf = (prefix: Prefix | undefined) => (prefix === undefined ? "" : formatPrefix(prefix));
  const sorted = (prefixes: readonly (Prefix | undefined)[]) => prefixes.map(textOf).toSorted();
  return sorted(networks).join() === sorted(declared).join();
}
