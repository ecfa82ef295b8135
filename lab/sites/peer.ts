import type { Message, Session } from "vici-client";
import { messageFromConnection } from "../../src/model/charon/vici-message.ts";
import { connectionFromCr } from "../../src/model/validation/connection-from-cr.ts";
import { psk } from "./manifests.ts";

/**
 * Loads the other half of a connection into the peer's charon: addresses, identities and
 * selectors are mirrored, without an if_id.
 */
export async function mirror(session: Session, cr: object, changes: Mirror = {}): Promise<void> {
  const parsed = connectionFromCr(cr);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const connection = parsed.value;
  const message = messageFromConnection(connection)[connection.name] as Message;
  const half = peerHalf(message, connection.remoteAddr, changes.child);
  await session.request("load-shared", {
    id: connection.name,
    type: "IKE",
    data: changes.secret ?? psk,
    owners: [connection.localId, connection.remoteId],
  });
  await session.request("load-conn", { [connection.name]: { ...half, ...changes.connection } });
}

/**
 * The peer's half of a `load-conn`: identities and selectors are swapped, without an if_id.
 *
 * @param address the peer's address
 * @param changes changes to each child
 */
export function peerHalf(message: Message, address: string, changes: Message = {}): Message {
  const { local, remote, children } = message as Record<string, Message>;
  const swapped = Object.entries(children as Record<string, Message>).map(([key, child]) => {
    const { if_id_in: _in, if_id_out: _out, local_ts, remote_ts, ...rest } = child;
    return [key, { ...rest, local_ts: remote_ts, remote_ts: local_ts, ...changes }];
  });
  return {
    ...message,
    local_addrs: [address],
    remote_addrs: ["%any"],
    local: remote as Message,
    remote: local as Message,
    children: Object.fromEntries(swapped) as Message,
  };
}

/** Differences between the peer's configuration and the connection. */
export interface Mirror {
  readonly secret?: string | Uint8Array;
  readonly connection?: Message;
  readonly child?: Message;
}
