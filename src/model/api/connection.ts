import type { Address } from "../net/address.ts";
import type { AddressRange } from "../net/address-pool.ts";
import type { Prefix } from "../net/prefix.ts";
import type { Standby } from "./schema/ipsec-connection.ts";
import type { ChildNat } from "../translation/child-nat.ts";
import type { ChildSelectors } from "./selector-sets.ts";

/** The probe of a child: an address behind the peer that is pinged. */
export interface Probe {
  readonly address: Address;
  readonly intervalSeconds: number;
}

/** A network that a manifest names and that is not routed into the tunnel. */
export interface UnroutedNetwork {
  readonly network: Prefix;
  /**
   * `wide`: a remote selector that does not become a route by default. `outside`: a network that
   * stays outside of every tunnel, and that the routes have to leave out.
   */
  readonly why: "wide" | "outside";
}

/** A validated child. */
export interface Child extends ChildSelectors {
  /** Map key in the manifest and name in charon. */
  readonly key: string;
  readonly name: string;
  readonly localSelectors: readonly Prefix[];
  readonly remoteSelectors: readonly Prefix[];
  /**
   * The networks that workers and the gateway send into the tunnel, as they know them, except for
   * those that stay outside. Plans have the routes of a namespace.
   */
  readonly routes: readonly Prefix[];
  readonly unrouted: readonly UnroutedNetwork[];
  readonly xfrmIp: Prefix;
  readonly vxlanIp: Prefix;
  /** Both the XFRM if_id and the VNI. */
  readonly ifId: number;
  /** By name, without the addresses that all workers share (`nat`). */
  readonly pools: ReadonlyMap<string, readonly AddressRange[]>;
  readonly extra: Readonly<Record<string, string>>;
  /** False if the peer or traffic has to bring up the child. */
  readonly initiates: boolean;
  /** True for a child of a path that waits to take over. */
  readonly standsBy?: true;
  /** Undefined for a child without a probe. */
  readonly probe: Probe | undefined;
  /** Undefined for a child whose addresses are not translated. */
  readonly nat?: ChildNat;
}

/** A value in a Secret. */
export interface SecretRef {
  readonly name: string;
  readonly namespace: string;
  readonly key: string;
}

/** The charon of a CharonGroup. */
export interface GroupRef {
  readonly namespace: string;
  readonly name: string;
  /** The node, if the group has several, and this is not the one that it began with. */
  readonly node?: string;
}

/** A validated IPSecConnection. It contains no secret. */
export interface Connection {
  /** metadata.name: the actor's key. */
  readonly id: string;
  /** spec.name: the connection's name in charon. */
  readonly name: string;
  /** metadata.generation; 0 if the source has none. */
  readonly generation: number;
  readonly remoteAddr: string;
  /** The peer's address; undefined for a DNS name, and for a peer without a fixed address. */
  readonly remoteAddress: Address | undefined;
  /** Undefined to let routing decide. */
  readonly localAddr: string | undefined;
  readonly localId: string;
  readonly remoteId: string;
  /** The CharonGroup that carries the tunnel, if the manifest names one; paths may have others. */
  readonly groupRef: GroupRef | undefined;
  /** The node that carries the tunnel, from the manifest or from its CharonGroup. */
  readonly nodeName: string | undefined;
  /** The device that the xfrm interfaces are bound to; undefined unless the group names one. */
  readonly interfaceName: string | undefined;
  /** Whether a Service leads to the charon of the group; it forwards only UDP. */
  readonly behindFrontend: boolean;
  readonly secretRef: SecretRef;
  /** The namespaces whose pods may join; undefined for any. */
  readonly allowedNamespaces: readonly string[] | undefined;
  readonly children: readonly Child[];
  readonly extra: Readonly<Record<string, string>>;
  /** The declared paths, the preferred one first; empty for a connection with one path. */
  readonly paths: readonly Path[];
  /** The names of the paths of this agent's group; undefined if all paths are in one group. */
  readonly here?: readonly string[];
  readonly failover: FailoverSettings;
  /** The address of all paths, which the node of the active one has; undefined without one. */
  readonly floating?: FloatingAddress;
  /** Set for a path beside which its connection has others. */
  readonly hasAlternative?: true;
  /** Set for a path that waits to take over with an IKE SA that is up. */
  readonly standsBy?: "warm";
}

/** The values that a path has of its own, or else from its connection. */
type PathValues = Pick<
  Connection,
  | "remoteAddr"
  | "remoteAddress"
  | "localAddr"
  | "localId"
  | "remoteId"
  | "secretRef"
  | "extra"
  | "groupRef"
  | "nodeName"
  | "interfaceName"
  | "behindFrontend"
>;

/** A declared path: a pair of gateways that can carry the connection's traffic. */
export interface Path extends PathValues {
  readonly name: string;
  readonly standby: Standby;
}

/** An address that moves between the nodes of a connection's paths. */
export interface FloatingAddress {
  /** The address, with the length of its network. */
  readonly prefix: Prefix;
  /** Undefined for the interface that has an address of that network. */
  readonly interfaceName: string | undefined;
}

/** How the active path of a connection is chosen. */
export interface FailoverSettings {
  /** How long another path has to be active before the preferred one is dialled; seconds. */
  readonly holdSeconds: number;
  /** `never`: only a move or the loss of the active path leads back to the preferred one. */
  readonly failback: "planned" | "never";
  /** Between two echo requests of each child's probe. */
  readonly probeMilliseconds: number;
}

/** Finds a child by its key, or else by its name. */
export function findChild(
  connection: Pick<Connection, "children">,
  name: string,
): Child | undefined {
  return (
    connection.children.find((child) => child.key === name) ??
    connection.children.find((child) => child.name === name)
  );
}

/** All children, or the one with that key or name; empty if no child has it. */
export function childrenNamed(
  connection: Pick<Connection, "children">,
  name: string | undefined,
): readonly Child[] {
  if (name === undefined) return connection.children;
  const found = findChild(connection, name);
  return found === undefined ? [] : [found];
}
