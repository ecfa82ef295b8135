import type { Family } from "../../model/net/address.ts";
import { openTun, type Tun } from "../linux/tun.ts";
import { changeLink } from "../netlink/link-requests.ts";
import { findLink } from "../netlink/links.ts";
import { addPolicyRule, deletePolicyRule } from "../netlink/policy-rules.ts";
import { replaceRoute } from "../netlink/routes.ts";
import { NetlinkSocket } from "../netlink/socket.ts";

/** Packets that arrive when as many wait are dropped. A packet takes about two kilobytes. */
export const mostHeld = 4_096;

/** The routing table of held packets, and the place of its rule: before the main table. */
const table = 105;
const priority = 105;

export interface HoldPlace {
  /** A path; undefined for the process's own. */
  readonly namespace: string | undefined;
  /** The name of the device in which the packets wait. */
  readonly name: string;
  /** The device from which they come. */
  readonly from: string;
  readonly family: Family;
  /** The largest packet, as of the device to which they will go; bytes. */
  readonly mtu: number;
}

/**
 * Keeps packets from a device back. They wait in the queue of a TUN device, which no code reads until
 * the release; then the kernel forwards each by the routes of that moment. If the process ends, the
 * TUN device vanishes, and packets are forwarded as before.
 */
export class PacketHold implements Disposable {
  readonly #place: HoldPlace;
  readonly #tun: Tun;
  #isOpen = true;

  /** @throws {NetlinkError} if the kernel cannot hold packets; it forwards them as before then */
  constructor(place: HoldPlace) {
    this.#place = place;
    this.#tun = openTun(place.namespace, place.name);
    try {
      this.#divert();
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  /** Forwards the packets that were held, and returns their number; a second call does nothing. */
  release(): number {
    if (!this.#isOpen) return 0;
    try {
      using socket = this.#socket();
      socket.execute(deletePolicyRule(this.#rule));
      return this.#forward();
    } finally {
      this.#close();
    }
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #divert(): void {
    const { name, mtu, family } = this.#place;
    using socket = this.#socket();
    const link = findLink(socket, name);
    if (link === undefined) throw new Error(`the device ${name} vanished`);
    socket.execute(changeLink(link, { mtu, queueLength: mostHeld }));
    socket.execute(changeLink(link, { up: true }));
    const destination = { address: { family, value: 0n }, length: 0 };
    socket.execute(replaceRoute({ linkIndex: link.index, destination, table }));
    socket.execute(addPolicyRule(this.#rule));
  }

  #forward(): number {
    for (let count = 0; count < mostHeld; count += 1) {
      const packet = this.#tun.read();
      if (packet === undefined) return count;
      this.#tun.write(packet);
    }
    return mostHeld;
  }

  get #rule() {
    const { family, from: device } = this.#place;
    return { family, device, table, priority };
  }

  #socket(): NetlinkSocket {
    return NetlinkSocket.open(this.#place.namespace);
  }

  #close(): void {
    this.#isOpen = false;
    this.#tun[Symbol.dispose]();
  }
}
