import type { Child, Connection } from "../api/connection.ts";
import { childExtraMessage, connectionExtraMessage } from "../api/extra.ts";
import { formatPrefix } from "../net/prefix.ts";

/** A VICI message's shape; this layer does not know the client. */
export interface ViciMessage {
  [name: string]: string | string[] | ViciMessage;
}

/**
 * What the manifest leaves open. `dpd_delay` is on, since a peer that vanished is to be
 * noticed; reauthentication is off, since it interrupts traffic where rekeying does not.
 */
const connectionDefaults = {
  proposals: ["aes256-sha256-ecp256"],
  rekey_time: "4h",
  reauth_time: "0s",
  dpd_delay: "10s",
};

const secretPrefix = "ipman:";

/** `load-conn`: the connection with its children, none of which charon starts by itself. */
export function messageFromConnection(connection: Connection): ViciMessage {
  const children = connection.children.map((child) => [child.key, messageFromChild(child)]);
  return {
    [connection.name]: {
      version: "2",
      ...connectionDefaults,
      ...connectionExtraMessage(connection.extra),
      ...addressesOf(connection),
      local: { auth: "psk", id: connection.localId },
      remote: { auth: "psk", id: connection.remoteId },
      children: Object.fromEntries(children),
    },
  };
}

/** The addresses in `load-conn`, between which a new IKE SA is made. */
export function addressesOf({ localAddr, remoteAddr }: Connection): ViciMessage {
  return {
    ...(localAddr !== undefined && { local_addrs: [localAddr] }),
    remote_addrs: [remoteAddr],
  };
}

function messageFromChild(child: Child): ViciMessage {
  const { localSelectors: local, remoteSelectors: remote } = child;
  return {
    ...childExtraMessage(child.extra),
    mode: "tunnel",
    ...(local.length > 0 && { local_ts: local.map(formatPrefix) }),
    ...(remote.length > 0 && { remote_ts: remote.map(formatPrefix) }),
    if_id_in: String(child.ifId),
    if_id_out: String(child.ifId),
    start_action: trapsOnly(child) ? "trap" : "none",
    // The actor brings back what ends: charon's own restarts would make a second SA.
    close_action: "none",
    dpd_action: "clear",
  };
}

function trapsOnly(child: Child): boolean {
  return !child.initiates && child.extra["start_action"] === "trap";
}

/** The id under which a connection's secret is loaded; it marks the connection as ours. */
export function secretId(connectionName: string): string {
  return `${secretPrefix}${connectionName}`;
}

/** The connection whose secret has this id; undefined for secrets of others. */
export function connectionOfSecretId(id: string): string | undefined {
  return id.startsWith(secretPrefix) ? id.slice(secretPrefix.length) : undefined;
}

/**
 * `load-shared` without its `data`. The peer's identity is the only owner: charon accepts from a
 * peer every key that one of both identities owns, and partners may share our identity.
 */
export function messageFromSecretOf(connection: Connection): ViciMessage {
  return {
    id: secretId(connection.name),
    type: "IKE",
    owners: [connection.remoteId],
  };
}
