import { childSpec, connectionSpec, psk, sites } from "../sites/manifests.ts";

/** Algorithms of an IKE or CHILD SA, in the words of swanctl.conf. */
export interface Suite {
  readonly encryption: "aes128" | "aes256" | "aes128gcm16" | "aes256gcm16";
  /** Undefined for an AEAD cipher; also the pseudo-random function of an IKE SA. */
  readonly integrity: "sha256" | "sha512" | undefined;
  /** The key exchange group; undefined for a CHILD SA without PFS. */
  readonly group: "ecp256" | "ecp384" | undefined;
}

export interface Side {
  readonly address: string;
  /** An FQDN. */
  readonly id: string;
  readonly networks: readonly string[];
}

/** A tunnel of the node, in words that each implementation's configuration is written from. */
export interface Tunnel {
  readonly name: string;
  /** Distinguishes its networks, and the node's address. */
  readonly number: number;
  readonly node: Side;
  readonly peer: Side;
  readonly key: string;
  readonly ike: Suite;
  readonly esp: Suite;
  /** An address behind the peer that answers pings. */
  readonly target: string;
  /** The lifetimes in seconds of SAs at a peer that has no command to rekey them. */
  readonly peerRekeys?: { readonly child?: number; readonly ike?: number };
  /** The time in seconds after which the peer reauthenticates each IKE SA by itself. */
  readonly peerReauthenticates?: number;
}

/**
 * The node's address for a tunnel; each has its own, so a daemon cannot mistake one for another. The
 * peer has one address, since iked answers from the first one of its device.
 */
export function nodeAddress(number: number): string {
  return `192.168.1.${100 + number}`;
}

/** A tunnel between 10.0.N.0/24 and 10.1.N.0/24. */
export function tunnelOf(name: string, number: number, changes: Partial<Tunnel> = {}): Tunnel {
  return {
    name,
    number,
    node: { address: nodeAddress(number), id: `node.${name}`, networks: [`10.0.${number}.0/24`] },
    peer: {
      address: sites.peer.v4,
      id: `peer.${name}`,
      networks: [`10.1.${number}.0/24`],
    },
    key: psk,
    ike: { encryption: "aes256", integrity: "sha256", group: "ecp256" },
    esp: { encryption: "aes256", integrity: "sha512", group: "ecp256" },
    target: `10.1.${number}.1`,
    ...changes,
  };
}

/** A proposal in the words of swanctl.conf. */
export function proposalOf({ encryption, integrity, group }: Suite): string {
  return [encryption, integrity, group].filter((word) => word !== undefined).join("-");
}

/** The key of the tunnel's only child in its manifest. */
export function childKey({ number }: Tunnel): string {
  return `child-${number}`;
}

export interface Declaration {
  /** Whether the node waits for the peer to initiate. */
  readonly waits?: boolean;
  /** Further options of the connection. */
  readonly extra?: object;
  /** Changes to the child. */
  readonly child?: object;
  /** Changes to the connection. */
  readonly spec?: object;
}

/** The node's manifest of a tunnel. */
export function manifestOf(
  tunnel: Tunnel,
  { waits, extra, child, spec: changes }: Declaration = {},
) {
  const { name, number, node, peer, ike, esp } = tunnel;
  const spec = childSpec(number, {
    local_ips: node.networks,
    remote_ips: peer.networks,
    extra: {
      esp_proposals: proposalOf(esp),
      start_action: waits === true ? "none" : "start",
    },
    ...child,
  });
  return connectionSpec(name, {
    localAddr: node.address,
    remoteAddr: peer.address,
    localId: node.id,
    remoteId: peer.id,
    extra: { proposals: proposalOf(ike), dpd_delay: "1s", ...extra },
    children: { [childKey(tunnel)]: spec },
    ...changes,
  });
}
