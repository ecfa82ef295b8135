import type { Address } from "../net/address.ts";
import type { Prefix } from "../net/prefix.ts";
import type { RulesPlan } from "../rules/rules-plan.ts";

/** An xfrm interface. It is created in charon's network namespace and moved to the plan's. */
export interface XfrmLink {
  readonly kind: "xfrm";
  readonly name: string;
  readonly ifId: number;
  /** Bytes. */
  readonly mtu: number;
  /** The device under it in charon's namespace, if one is declared. */
  readonly underlying: string | undefined;
}

/** A VXLAN device over the namespace's underlay network. */
export interface VxlanLink {
  readonly kind: "vxlan";
  readonly name: string;
  readonly vni: number;
  /** UDP. */
  readonly port: number;
  readonly mac: string;
  /** Another MAC address by which it receives; a kernel that cannot do so uses this one for all. */
  readonly receives?: string;
  /** Bytes. */
  readonly mtu: number;
  /** The device through which it reaches the other VTEPs. */
  readonly underlying: string;
  /** The address of this VTEP; the device accepts other VTEPs of the same family only. */
  readonly local: Address;
  /**
   * Whether it learns the VTEPs of MAC addresses from frames, without forgetting them; `most` is
   * then the maximum number of its FDB entries.
   */
  readonly learning: false | { readonly most: number };
}

/** A planned device. */
export type LinkPlan = XfrmLink | VxlanLink;

/** A planned address. */
export interface AddressPlan {
  readonly link: string;
  readonly prefix: Prefix;
}

/** A planned route of the main table. */
export interface RoutePlan {
  readonly link: string;
  readonly destination: Prefix;
  /** Reached through the link without a route of its own (onlink). */
  readonly gateway?: Address;
  /** Preferred source address. */
  readonly source?: Address;
}

/** A permanent entry of the ARP or NDP table. */
export interface NeighbourPlan {
  readonly link: string;
  readonly address: Address;
  readonly mac: string;
}

/** An entry of a VXLAN device's forwarding database. */
export interface FdbPlan {
  readonly link: string;
  readonly mac: string;
  /** The VTEP of the MAC address. */
  readonly vtep: Address;
  /** Whether the device may learn another VTEP for it; otherwise the entry is permanent. */
  readonly moves: boolean;
}

/** The planned state of one network namespace. Other entries on the plan's links are removed. */
export interface NetworkPlan {
  readonly links: readonly LinkPlan[];
  readonly addresses: readonly AddressPlan[];
  readonly routes: readonly RoutePlan[];
  readonly neighbours: readonly NeighbourPlan[];
  readonly fdb: readonly FdbPlan[];
  /** Whether the namespace forwards packets. */
  readonly forwarding: boolean;
  /** The packet filter; undefined leaves the existing one unchanged. */
  readonly rules: RulesPlan | undefined;
}
