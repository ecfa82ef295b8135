import type { Connection } from "../api/connection.ts";
import { own } from "../value/own.ts";
import { isSection, type Section } from "./section.ts";
import { addressesOf } from "./vici-message.ts";

/**
 * True where charon has the connection, and between other addresses than are declared. Its
 * SAs cannot tell: MOBIKE may have moved them.
 *
 * @param listed one message of `list-conns`
 */
export function loadedElsewhere(listed: Section, connection: Connection): boolean {
  const loaded = own(listed, connection.name);
  return isSection(loaded) && textOf(loaded) !== textOf(addressesOf(connection));
}

function textOf({ local_addrs = ["%any"], remote_addrs }: Section): string {
  return JSON.stringify([local_addrs, remote_addrs]);
}
