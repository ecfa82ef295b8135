import { sameAddress, type Address } from "../../model/net/address.ts";
import { listAddresses } from "./addresses.ts";
import { Rta } from "../linux/constants.ts";
import { findLink } from "./links.ts";
import { routeTo } from "./path-mtu.ts";
import { addressOf, u32Of } from "./reader.ts";
import { NetlinkSocket } from "./socket.ts";

/** The first step of the way to an address. */
export interface Way {
  readonly device: string;
  /** `veth`, `xfrm`, `dummy`; empty for hardware and loopback. */
  readonly kind: string;
}

/**
 * The way that a namespace's routes give to an address; undefined where there is none, or one
 * that ends there (unreachable, prohibit, blackhole).
 *
 * @param namespace a path; undefined for the process's own
 */
export function wayTo(namespace: string | undefined, address: Address): Way | undefined {
  using socket = NetlinkSocket.open(namespace);
  const index = u32Of(routeTo(socket, address)?.get(Rta.oif));
  const link = index === undefined ? undefined : findLink(socket, index);
  return link && { device: link.name, kind: link.kind };
}

/**
 * The address that packets to another address have as their source, where nothing else is
 * asked for; undefined where there is no route.
 *
 * @param namespace a path; undefined for the process's own
 */
export function sourceTo(namespace: string | undefined, address: Address): Address | undefined {
  using socket = NetlinkSocket.open(namespace);
  return addressOf(routeTo(socket, address)?.get(Rta.prefsrc));
}

/** Whether a namespace has an address on one of its devices. */
export function hasAddress(namespace: string | undefined, address: Address): boolean {
  using socket = NetlinkSocket.open(namespace);
  return listAddresses(socket).some(({ prefix }) => sameAddress(prefix.address, address));
}
