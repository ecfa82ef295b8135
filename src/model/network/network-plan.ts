import type { Address } from "../net/address.ts";
import type { Prefix } from "../net/prefix.ts";
import type { RulesPlan } from "./rules-plan.ts";

/** An xfrm interface. It is made in charon's network namespace and moved. */
export interface XfrmLink {
  readonly kind: "xfrm";
  readonly name: string;
  readonly ifId: number;
  /** Bytes. */
  readonly mtu: number;
  /** The device under it in charon's namespace, where one is declared. */
  readonly underlying: string | undefined;
}

/** A VXLAN device over the namespace's underlay. */
export interface VxlanLink {
  readonly kind: "vxlan";
  readonly name: string;
  readonly vni: number;
  /** UDP. */
  readonly port: number;
  readonly mac: string;
  /** Bytes. */
  readonly mtu: number;
  /** The device that leads to the other VTEPs. */
  readonly underlying: string;
  /** The address by which the other VTEPs know this one; the device takes VTEPs of its family. */
  readonly local: Address;
  /**
   * Whether it learns from frames where MAC addresses are; what it learns it keeps. It then
   * has no more than so many FDB entries.
   */
  readonly learning: false | { readonly most: number };
}

export type LinkPlan = XfrmLink | VxlanLink;

export interface AddressPlan {
  readonly link: string;
  readonly prefix: Prefix;
}

export interface RoutePlan {
  readonly link: string;
  readonly destination: Prefix;
  /** Reached over the link without a route of its own (onlink). */
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
  /** The VTEP behind which the MAC address is. */
  readonly vtep: Address;
  /** Whether the device may learn that it is elsewhere; otherwise the entry is permanent. */
  readonly moves: boolean;
}

/** Everything ipman wants in one network namespace; what else it finds on its links goes. */
export interface NetworkPlan {
  readonly links: readonly LinkPlan[];
  readonly addresses: readonly AddressPlan[];
  readonly routes: readonly RoutePlan[];
  readonly neighbours: readonly NeighbourPlan[];
  readonly fdb: readonly FdbPlan[];
  /** Whether the namespace routes packets. */
  readonly forwarding: boolean;
  /** The packet filter; undefined leaves alone what there is. */
  readonly rules: RulesPlan | undefined;
}
