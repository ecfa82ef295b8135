import type { FloatingAddress } from "../../model/api/connection.ts";
import { sameAddress, type Address } from "../../model/net/address.ts";
import { macBytes } from "../../model/net/mac.ts";
import { contains, hostPrefix } from "../../model/net/prefix.ts";
import { claimFrames } from "./claim-frames.ts";
import { addressOrigin } from "../linux/constants.ts";
import { sendFrames } from "../linux/send-frames.ts";
import {
  addAddress,
  deleteAddress,
  listAddresses,
  type LinkAddress,
} from "../netlink/addresses.ts";
import { findLink, type Link } from "../netlink/links.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import type { KeptAddresses } from "./kept-addresses.ts";

/** The result of {@link FloatingAddresses.hold}, or why the node cannot have the address. */
export type Held =
  | { readonly ok: true; readonly added: boolean }
  /** The node has the address, and ipman did not add it. */
  | { readonly ok: false; readonly why: "foreign"; readonly interfaceName: string }
  /** No interface has the name, or an address of the network. */
  | { readonly ok: false; readonly why: "homeless" };

export interface FloatingAddressesOptions {
  /** The network namespace of the node; called each time. */
  readonly namespace: () => string | undefined;
  /** The addresses that were added, for kernels before 5.18, which keep no mark. */
  readonly kept: KeptAddresses;
}

/**
 * The floating addresses of a node. The kernel marks those that ipman added, or else a file lists them: after a
 * crash they are found again, and no other address is ever removed. Each is added with the length of a host, so that
 * neither routes nor the other addresses of the interface depend on it.
 */
export class FloatingAddresses {
  readonly #options: FloatingAddressesOptions;

  constructor(options: FloatingAddressesOptions) {
    this.#options = options;
  }

  /**
   * Adds an address if the node does not have it, and announces it then.
   *
   * @throws {NetlinkError}
   */
  hold(floating: FloatingAddress): Held {
    const { address } = floating.prefix;
    const { namespace, kept } = this.#options;
    using socket = NetlinkSocket.open(namespace());
    const known = listAddresses(socket);
    const link = homeOf(socket, known, floating);
    const present = known.filter(({ prefix }) => sameAddress(prefix.address, address));
    const foreign = present.find((one) => !this.#isOwn(one));
    if (foreign !== undefined) {
      const interfaceName = findLink(socket, foreign.linkIndex)?.name ?? "";
      return { ok: false, why: "foreign", interfaceName };
    }
    if (link === undefined) {
      // The other address of the network may be away for a moment, as while DHCP renews it.
      const stays = present.length > 0 && floating.interfaceName === undefined;
      return stays ? { ok: true, added: false } : { ok: false, why: "homeless" };
    }
    const stray = present.filter(({ linkIndex }) => linkIndex !== link.index);
    for (const { linkIndex, prefix } of stray) socket.execute(deleteAddress(linkIndex, prefix));
    if (present.length > stray.length) return { ok: true, added: false };
    kept.add(address);
    socket.execute(addAddress(link.index, hostPrefix(address), addressOrigin));
    this.#claim(address, link);
    return { ok: true, added: true };
  }

  /**
   * Announces an address to the link, if the node has it.
   *
   * @throws {NetlinkError}
   */
  announce(address: Address): void {
    using socket = NetlinkSocket.open(this.#options.namespace());
    const held = listAddresses(socket).find(
      (one) => sameAddress(one.prefix.address, address) && this.#isOwn(one),
    );
    const link = held && findLink(socket, held.linkIndex);
    if (link !== undefined) this.#claim(address, link);
  }

  /**
   * Removes an address that ipman added; one that the node does not have is not an error.
   *
   * @throws {NetlinkError}
   */
  release(address: Address): void {
    this.#remove((other) => sameAddress(other, address));
  }

  /**
   * Removes the addresses that are not in the list, and returns them.
   *
   * @throws {NetlinkError}
   */
  releaseOthers(declared: readonly Address[]): Address[] {
    return this.#remove((address) => !declared.some((other) => sameAddress(other, address)));
  }

  #remove(which: (address: Address) => boolean): Address[] {
    using socket = NetlinkSocket.open(this.#options.namespace());
    const own = listAddresses(socket).filter(
      (one) => which(one.prefix.address) && this.#isOwn(one),
    );
    for (const { linkIndex, prefix } of own) socket.execute(deleteAddress(linkIndex, prefix));
    this.#options.kept.removeWhere(which);
    return own.map(({ prefix }) => prefix.address);
  }

  #isOwn({ prefix, origin }: LinkAddress): boolean {
    return origin === addressOrigin || this.#options.kept.has(prefix.address);
  }

  #claim(address: Address, { name, arp, mac }: Link): void {
    // A device without neighbours, such as a tunnel, needs no announcement.
    if (!arp || mac === "") return;
    sendFrames(this.#options.namespace(), name, claimFrames(address, macBytes(mac)));
  }
}

/** The interface of an address: the declared one, or the first with another address of the network. */
function homeOf(
  socket: NetlinkSocket,
  known: readonly LinkAddress[],
  { prefix, interfaceName }: FloatingAddress,
): Link | undefined {
  if (interfaceName !== undefined) return findLink(socket, interfaceName);
  const neighbour = known.find(
    (one) =>
      contains(prefix, one.prefix.address) && !sameAddress(one.prefix.address, prefix.address),
  );
  return neighbour && findLink(socket, neighbour.linkIndex);
}
