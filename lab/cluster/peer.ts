import type { LabCluster } from "./cluster.ts";

/** A child in the peer's configuration. */
interface PeerChild {
  readonly name: string;
  readonly local: string;
  readonly remote: string;
}

export interface PeerConnection {
  readonly name: string;
  readonly localId: string;
  readonly remoteId: string;
  readonly secret: string;
  /** The only address from which the peer accepts the connection; any by default. */
  readonly accepts?: string;
  /** The address that the peer dials when it has packets; the peer does not dial by default. */
  readonly dials?: string;
  readonly children: readonly PeerChild[];
}

/** The peer's half of the walk-through. */
export const examplePeer: PeerConnection = {
  name: "example",
  localId: "192.168.1.2",
  remoteId: "192.168.1.1",
  secret: "yourpresharedkey",
  children: [{ name: "example-child", local: "10.0.1.0/24", remote: "10.0.2.0/24" }],
};

/**
 * Replaces the connections of a partner's charon by its halves of these.
 *
 * @param daemon the name of the charon's files in /run
 */
export async function configurePeer(
  cluster: LabCluster,
  connections: readonly PeerConnection[],
  daemon = "peer",
): Promise<void> {
  const file = [
    "connections {",
    ...connections.flatMap(connectionLines),
    "}",
    "secrets {",
    ...connections.flatMap(({ localId, remoteId, secret }, i) => [
      `ike-${i} {`,
      `id-1 = ${remoteId}`,
      `id-2 = ${localId}`,
      `secret = "${secret}"`,
      "}",
    ]),
    "}",
  ].join("\n");
  await cluster.peer.sh(
    `cat >/run/${daemon}.swanctl <<'CONF'\n${file}\nCONF\nswanctl --load-all --clear --file /run/${daemon}.swanctl --uri unix:///run/${daemon}.vici 2>&1`,
  );
}

function connectionLines(connection: PeerConnection): string[] {
  const { name, localId, remoteId, accepts, dials, children } = connection;
  return [
    `${name} {`,
    "version = 2",
    `remote_addrs = ${dials ?? accepts ?? "%any"}`,
    ...(dials === undefined ? [] : ["dpd_delay = 2s"]),
    "local {",
    "auth = psk",
    `id = ${localId}`,
    "}",
    "remote {",
    "auth = psk",
    `id = ${remoteId}`,
    "}",
    "children {",
    ...children.flatMap(({ name: child, local, remote }) => [
      `${child} {`,
      `local_ts = ${local}`,
      `remote_ts = ${remote}`,
      "esp_proposals = aes256-sha256-ecp256",
      ...(dials === undefined ? [] : ["start_action = trap", "dpd_action = clear"]),
      "}",
    ]),
    "}",
    "}",
  ];
}
