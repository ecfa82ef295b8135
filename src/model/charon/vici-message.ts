import type { Child, Connection } from "../api/connection.ts";
import type { SelectorSet } from "../api/selector-sets.ts";
import { formatPrefix } from "../net/prefix.ts";
import { own } from "../value/own.ts";
import { parseAction } from "./options/action.ts";
import { childExtraMessage, connectionExtraMessage } from "./options/extra.ts";

/** A section of a VICI message. The model does not depend on the client that encodes it. */
export interface ViciMessage {
  [name: string]: string | string[] | ViciMessage;
}

/**
 * The options that a manifest may leave out. `dpd_delay` is set so that a peer that vanishes is
 * detected; reauthentication is off, since it interrupts traffic, which rekeying does not.
 */
const connectionDefaults = {
  proposals: ["aes256-sha256-ecp256"],
  rekey_time: "4h",
  reauth_time: "0s",
  dpd_delay: "10s",
};

/**
 * The same for one of several paths. charon would end an IKE SA when another one of the same identities
 * is established, and a peer that vanishes is to be detected within seconds.
 */
const alternativeDefaults = { unique: "never", dpd_delay: "2s" };

/**
 * The same for paths with a floating address. INITIAL_CONTACT of the node that takes over has the peer end
 * the IKE SA of the former one; charon does not send it with `unique = never`. With MOBIKE, charon would move
 * an IKE SA to another address of the node once the address has left.
 */
const floatingDefaults = { unique: "no", mobike: "no" };

/** The same behind a Service, which would drop ESP that is not encapsulated in UDP. */
const frontendDefaults = { encap: "yes" };

const secretPrefix = "ipman:";

/** `load-conn`: the connection with its children, none of which charon starts by itself. */
export function messageFromConnection(connection: Connection): Record<string, ViciMessage> {
  return {
    [connection.name]: {
      version: "2",
      ...connectionDefaults,
      ...(connection.hasAlternative && alternativeDefaults),
      ...(connection.floating && floatingDefaults),
      ...(connection.behindFrontend && frontendDefaults),
      ...connectionExtraMessage(connection.extra),
      ...addressesOf(connection),
      local: { auth: "psk", id: connection.localId },
      remote: { auth: "psk", id: connection.remoteId },
      children: Object.assign({}, ...connection.children.map(messagesFromChild)) as ViciMessage,
    },
  };
}

/**
 * The same without the children, with those options alone for which an IKE SA has to be replaced when they
 * change. charon compares by `unique` once, when an IKE SA is established. One that was established before
 * its connection got a second path, or lost it, keeps its `dpd_delay`.
 */
export function ikeMessageFrom(connection: Connection): Record<string, ViciMessage> {
  const { hasAlternative: _, ...alone } = connection;
  const messages = messageFromConnection({ ...alone, children: [] });
  return Object.fromEntries(
    Object.entries(messages).map(([name, { unique: _unique, ...ofSa }]) => [name, ofSa]),
  );
}

/** The addresses in `load-conn`, between which charon makes a new IKE SA. */
export function addressesOf({ localAddr, remoteAddr }: Connection): ViciMessage {
  return {
    ...(localAddr !== undefined && { local_addrs: [localAddr] }),
    remote_addrs: [remoteAddr],
  };
}

/** The sections of one child, by the names of its selector sets. */
export function messagesFromChild(child: Child): ViciMessage {
  return Object.fromEntries(
    child.selectorSets.map((set) => [set.name, messageFromSet(child, set)]),
  );
}

function messageFromSet(child: Child, { local, remote }: SelectorSet): ViciMessage {
  return {
    ...childExtraMessage(child.extra),
    mode: "tunnel",
    ...(local.length > 0 && { local_ts: local.map(formatPrefix) }),
    ...(remote.length > 0 && { remote_ts: remote.map(formatPrefix) }),
    if_id_in: String(child.ifId),
    if_id_out: String(child.ifId),
    start_action: trapsOnly(child) ? "trap" : "none",
    // The actor restarts a child that ended; if charon did so as well, there would be two SAs.
    close_action: "none",
    dpd_action: "clear",
  };
}

/** Whether traffic alone is to bring a child up, by a trap policy. */
export function trapsOnly(child: Child): boolean {
  return !child.initiates && parseAction(own(child.extra, "start_action") ?? "")?.trap === true;
}

/** The id under which a connection's secret is loaded; it marks the connection as ipman's. */
export function secretId(connectionName: string): string {
  return `${secretPrefix}${connectionName}`;
}

/** The connection whose secret has this id; undefined if ipman did not load the secret. */
export function connectionOfSecretId(id: string): string | undefined {
  return id.startsWith(secretPrefix) ? id.slice(secretPrefix.length) : undefined;
}

interface SecretMessage {
  readonly id: string;
  readonly type: "IKE";
  readonly owners: string[];
}

/**
 * `load-shared` without its `data`. The peer's identity is the only owner: charon accepts every
 * key that the identity of either side owns, and several partners may use our identity.
 */
export function messageFromSecretOf(connection: Connection): SecretMessage {
  return {
    id: secretId(connection.name),
    type: "IKE",
    owners: [connection.remoteId],
  };
}
