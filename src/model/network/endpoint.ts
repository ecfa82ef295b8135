import type { Address } from "../net/address.ts";
import type { ChildRef } from "../api/child-ref.ts";
import type { Prefix } from "../net/prefix.ts";

/** A network namespace that takes part in a child's VXLAN segment: its VTEP. */
export interface Endpoint extends ChildRef {
  /** Unique among the endpoints: a namespace's name, a pod's uid. */
  readonly id: string;
  /** Where the other VTEPs reach it. */
  readonly underlay: Address;
  /** Its address of the other family, where it has one. */
  readonly alternate?: Address | undefined;
}

/** The namespace that holds a child's xfrm interface. */
export interface Gateway extends Endpoint {
  /** The network namespace as a path, `/run/netns/…`. */
  readonly netns: string;
  /** The device that leads to the workers, and its MTU in bytes. */
  readonly device: string;
  readonly mtu: number;
}

/** A workload's namespace with its address in the segment. */
export interface Worker extends Endpoint {
  /** The pool that the address is from. */
  readonly pool: string;
  readonly address: Prefix;
  /** Unique to this worker's hold on the address: the proof of its reservation. */
  readonly reservation: string;
}
