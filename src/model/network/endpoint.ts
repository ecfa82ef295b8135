import type { Address } from "../net/address.ts";
import type { ChildRef } from "../api/child-ref.ts";
import type { Prefix } from "../net/prefix.ts";

/** A network namespace in a child's VXLAN segment, with its VTEP. */
export interface Endpoint extends ChildRef {
  /** Unique among the endpoints: a namespace's name, a pod's uid. */
  readonly id: string;
  /** The address at which the other VTEPs reach it. */
  readonly underlay: Address;
  /** Its address of the other family, if it has one. */
  readonly alternate?: Address | undefined;
}

/** The namespace of a child's xfrm interface. */
export interface Gateway extends Endpoint {
  /** The network namespace as a path, `/run/netns/…`. */
  readonly netns: string;
  /** The device that leads to the workers, and its MTU in bytes. */
  readonly device: string;
  readonly mtu: number;
}

/** A workload's namespace, with its address in the segment. */
export interface Worker extends Endpoint {
  /** The pool that the address is from. */
  readonly pool: string;
  readonly address: Prefix;
  /** The id of the address's reservation, which no other worker has. */
  readonly reservation: string;
  /** Whether it was attached for several gateways, so that it accepts their sending addresses. */
  readonly severalGateways?: true;
}
