import type { Message } from "vici-client";
import type { Connection } from "../../model/api/connection.ts";
import type { SelectorSet } from "../../model/api/selector-sets.ts";
import { parseIdentity } from "../../model/identity/identity.ts";
import type { LoadedAlike } from "../../model/charon/loaded-alike.ts";
import { addressesOf } from "../../model/charon/vici-message.ts";
import { outermostNetworks } from "../../model/net/outermost.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../../model/net/prefix.ts";
import { own } from "../../model/value/own.ts";
import { isSection, sectionIn, textIn } from "./section.ts";

/** The loaded connections in one message of `list-conns`, by name, with the keys of their children. */
export function loadedIn(message: Message): [connection: string, children: string[]][] {
  return Object.entries(message).flatMap(([connection, section]) => {
    if (!isSection(section)) return [];
    return [[connection, Object.keys(sectionIn(section, "children") ?? {})]];
  });
}

/**
 * Whether charon has the connection loaded between other addresses than are declared. Its SAs do
 * not show that, since MOBIKE may have moved them.
 *
 * @param listed one message of `list-conns`
 */
export function loadedElsewhere(listed: Message, connection: Connection): boolean {
  const loaded = own(listed, connection.name);
  return isSection(loaded) && addressText(loaded) !== addressText(addressesOf(connection));
}

/**
 * Which parts of the connection charon had loaded as they are declared now.
 *
 * @param listed one message of `list-conns`
 */
export function loadedAlike(listed: Message, connection: Connection): LoadedAlike {
  const loaded = own(listed, connection.name);
  if (!isSection(loaded)) return { identities: false, children: [] };
  const children = sectionIn(loaded, "children") ?? {};
  return {
    identities:
      hasIdentity(loaded["local-1"], connection.localId) &&
      hasIdentity(loaded["remote-1"], connection.remoteId),
    children: connection.children
      .filter(({ selectorSets }) =>
        selectorSets.every((set) => hasSelectors(own(children, set.name), set)),
      )
      .map(({ key }) => key),
  };
}

function addressText({ local_addrs = ["%any"], remote_addrs }: Message): string {
  return JSON.stringify([local_addrs, remote_addrs]);
}

function hasIdentity(authentication: Message[string], declared: string): boolean {
  if (!isSection(authentication)) return false;
  // charon lists no identity if it accepts any.
  return (textIn(authentication, "id") ?? "%any") === parseIdentity(declared).text;
}

function hasSelectors(loaded: Message[string], { local, remote }: SelectorSet): boolean {
  if (!isSection(loaded)) return false;
  return equalSelectors(loaded["local-ts"], local) && equalSelectors(loaded["remote-ts"], remote);
}

function equalSelectors(listed: Message[string], declared: readonly Prefix[]): boolean {
  if (declared.length === 0) return true;
  if (!Array.isArray(listed)) return false;
  const networks = listed.map((text) => parsePrefix(String(text)));
  const textOf = (prefix: Prefix | undefined) => (prefix === undefined ? "" : formatPrefix(prefix));
  const sorted = (prefixes: readonly (Prefix | undefined)[]) => prefixes.map(textOf).toSorted();
  return sorted(networks).join() === sorted(outermostNetworks(declared)).join();
}
