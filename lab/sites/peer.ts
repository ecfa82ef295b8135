import type { Message, Session } from "vici-client";
import { messageFromConnection } from "../../src/model/vici-message.ts";
import { connectionFromCr } from "../../src/model/connection-from-cr.ts";
import { psk } from "./manifests.ts";

/**
 * Gives the peer's charon the other half of a connection: addresses, identities and
 * selectors mirrored, no if_id.
 */
export async function mirror(session: Session, cr: object, changes: Mirror = {}): Promise<void> {
  const parsed = connectionFromCr(cr);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const connection = parsed.value;
  const message = messageFromConnection(connection)[connection.name];
  const { children, local, remote } = message as unknown as {
    children: Record<string, Message>;
    local: Message;
    remote: Message;
  };
  const mirrored = Object.entries(children).map(([key, child]) => {
    const { if_id_in: _in, if_id_out: _out, local_ts, remote_ts, ...rest } = child;
    return [key, { ...rest, local_ts: remote_ts, remote_ts: local_ts, ...changes.child }];
  });
  const own: Message = {
    ...(message as Message),
    local_addrs: [connection.remoteAddr],
    remote_addrs: ["%any"],
    local: remote,
    remote: local,
    ...changes.connection,
    children: Object.fromEntries(mirrored),
  };
  await session.request("load-shared", {
    id: connection.name,
    type: "IKE",
    data: changes.secret ?? psk,
    owners: [connection.localId, connection.remoteId],
  });
  await session.request("load-conn", { [connection.name]: own });
}

/** Where the peer differs from what the connection asks for. */
export interface Mirror {
  readonly secret?: string;
  readonly connection?: Message;
  readonly child?: Message;
}
