import type { Address } from "../net/address.ts";
import type { AddressRange } from "../net/address-pool.ts";
import type { Prefix } from "../net/prefix.ts";

/** Who is asked for answers through a child. */
export interface Probe {
  readonly address: Address;
  readonly intervalSeconds: number;
}

/** A child after validation: what actors and plans work with. */
export interface Child {
  /** Map key in the manifest and name in charon. */
  readonly key: string;
  readonly name: string;
  readonly localSelectors: readonly Prefix[];
  readonly remoteSelectors: readonly Prefix[];
  readonly xfrmIp: Prefix;
  readonly vxlanIp: Prefix;
  /** XFRM if_id and VNI in one. */
  readonly ifId: number;
  /** By name. */
  readonly pools: ReadonlyMap<string, readonly AddressRange[]>;
  readonly extra: Readonly<Record<string, string>>;
  /** False where the peer, or traffic, is to bring the child up. */
  readonly initiates: boolean;
  /** Undefined where nobody is to be asked. */
  readonly probe: Probe | undefined;
}

/** Where a Secret's value is found. */
export interface SecretRef {
  readonly name: string;
  readonly namespace: string;
  readonly key: string;
}

/** An IPSecConnection after validation. It holds no secret. */
export interface Connection {
  /** metadata.name: the actor's key. */
  readonly id: string;
  /** spec.name: the connection's name in charon. */
  readonly name: string;
  /** metadata.generation; 0 where the source has none. */
  readonly generation: number;
  readonly remoteAddr: string;
  /** The peer's address where it is one, undefined for a DNS name. */
  readonly remoteAddress: Address | undefined;
  /** Undefined: the routes decide. */
  readonly localAddr: string | undefined;
  readonly localId: string;
  readonly remoteId: string;
  /** The CharonGroup that carries the tunnel, where one is named. */
  readonly groupRef: { readonly namespace: string; readonly name: string } | undefined;
  /** The node that carries it: the document's own word, or its group's. */
  readonly nodeName: string | undefined;
  /** The device under the xfrm interfaces; none unless the group names one. */
  readonly interfaceName: string | undefined;
  readonly secretRef: SecretRef;
  /** The namespaces whose pods may join; undefined for any. */
  readonly allowedNamespaces: readonly string[] | undefined;
  readonly children: readonly Child[];
  readonly extra: Readonly<Record<string, string>>;
}

/** The child that `name` means: a map key first, then a child's name. */
export function findChild(connection: Connection, name: string): Child | undefined {
  return (
    connection.children.find((child) => child.key === name) ??
    connection.children.find((child) => child.name === name)
  );
}
