import type { Child, Connection } from "../../model/api/connection.ts";
import { ikeMessageFrom, messagesFromChild } from "../../model/charon/vici-message.ts";

/** The consequences of a change of the spec. */
export interface PathChange {
  /** Address, identities or IKE options differ: the IKE SA has to be replaced. */
  readonly ike: boolean;
  readonly added: readonly Child[];
  readonly removed: readonly Child[];
  /** Children in both versions; `replaces` if the CHILD SA has to be replaced. */
  readonly kept: readonly { readonly child: Child; readonly replaces: boolean }[];
}

/** The difference between two versions of a connection. */
export function pathChange(before: Connection, after: Connection): PathChange {
  const old = new Map(before.children.map((child) => [child.key, child]));
  const keys = new Set(after.children.map((child) => child.key));
  return {
    ike: ikeKey(before) !== ikeKey(after),
    added: after.children.filter((child) => !old.has(child.key)),
    removed: before.children.filter((child) => !keys.has(child.key)),
    kept: after.children.flatMap((child) => {
      const known = old.get(child.key);
      return known === undefined ? [] : [{ child, replaces: differ(known, child) }];
    }),
  };
}

function ikeKey(connection: Connection): string {
  return JSON.stringify(ikeMessageFrom(connection));
}

function differ(before: Child, after: Child): boolean {
  return saKey(before) !== saKey(after);
}

/** The options that an SA is made of. A trap makes further SAs; it does not change one. */
function saKey(child: Child): string {
  const isOfSa = (name: string, value: unknown) => (name === "start_action" ? undefined : value);
  return JSON.stringify(messagesFromChild(child), isOfSa);
}
