import type { Connection } from "./connection.ts";
import { isSection, type Section } from "./section.ts";
import { messageFromConnection } from "./vici-message.ts";

/**
 * True where charon has the connection, and between other addresses than are declared. Its
 * SAs cannot tell: MOBIKE may have moved them.
 *
 * @param listed one message of `list-conns`
 */
export function loadedElsewhere(listed: Section, connection: Connection): boolean {
  const { name } = connection;
  const loaded = listed[name];
  return (
    isSection(loaded) && addresses(loaded) !== addresses(messageFromConnection(connection)[name])
  );
}

function addresses(section: unknown): string {
  const { local_addrs = ["%any"], remote_addrs } = section as Section;
  return JSON.stringify([local_addrs, remote_addrs]);
}
