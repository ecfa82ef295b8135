import type { LinkAddress } from "../../../src/adapters/netlink/addresses.ts";
import type { Link } from "../../../src/adapters/netlink/links.ts";
import type { Neighbour } from "../../../src/adapters/netlink/neighbours.ts";
import type { Route } from "../../../src/adapters/netlink/routes.ts";
import { formatPrefix } from "../../../src/model/net/prefix.ts";
import type { SimulatedTable } from "./nft.ts";

/** rtnetlink.h: RTPROT_KERNEL; RT_SCOPE_LINK */
const kernelOrigin = 2;
const scopeLink = 253;
/** RFC 8200: IPv6 leaves a device below this MTU. */
const minimumMtu6 = 1280;

/** A device, with the state that the kernel does not list. */
export interface SimulatedLink extends Link {
  /** Whether IPv6 generates a link-local address when the device is set up. */
  readonly generatesAddress: boolean;
  /** The namespace that an xfrm interface was created in. */
  readonly origin: string;
}

/** A device to add; the members that are left out have the kernel's defaults. */
type NewLink = Pick<SimulatedLink, "name"> &
  Partial<Omit<SimulatedLink, "name" | "index">> & { readonly index?: number | undefined };

/** The namespaces that an answer depends on, beside the socket's own. */
export interface RouteKernel {
  readonly namespaces: () => Iterable<SimulatedNamespace>;
  /** The namespace of an open descriptor. */
  readonly byDescriptor: (fd: number) => SimulatedNamespace | undefined;
}

/** A network namespace, with the effects that changes of devices have on entries. */
export class SimulatedNamespace {
  readonly name: string;
  links: SimulatedLink[] = [];
  addresses: LinkAddress[] = [];
  routes: Route[] = [];
  neighbours: Neighbour[] = [];
  fdb: Neighbour[] = [];
  tables = new Map<string, SimulatedTable>();
  /** The bodies of messages about tracked connections. */
  flows: Buffer[] = [];
  /** The kernel's answer to each request about them; none by default. */
  trackingError: string | undefined;
  /** The kernel refuses to list named counters. */
  countersError: string | undefined;
  readonly sysctls = new Map([
    ["netfilter/nf_conntrack_tcp_be_liberal", "0"],
    ["netfilter/nf_conntrack_tcp_loose", "1"],
    ["ipv4/ip_forward", "0"],
    ["ipv6/conf/all/forwarding", "0"],
    ["ipv4/conf/all/rp_filter", "0"],
    ["ipv4/conf/default/rp_filter", "0"],
  ]);
  #lastIndex = 0;

  constructor(name: string) {
    this.name = name;
    this.add({ name: "lo", up: true, mtu: 65_536, mac: "00:00:00:00:00:00" });
  }

  /** Adds a device; one that moves here keeps its index if that is free. */
  add(link: NewLink): SimulatedLink {
    const isFree = !this.links.some(({ index }) => index === link.index);
    const index = link.index !== undefined && isFree ? link.index : ++this.#lastIndex;
    this.#lastIndex = Math.max(this.#lastIndex, index);
    const added: SimulatedLink = {
      up: false,
      arp: true,
      mtu: 1_500,
      mac: "",
      kind: "",
      master: 0,
      alias: "",
      vxlan: undefined,
      xfrm: undefined,
      counters: undefined,
      generatesAddress: true,
      origin: this.name,
      ...link,
      index,
    };
    this.links = [...this.links, added];
    return added;
  }

  find(which: number | string): SimulatedLink | undefined {
    return this.links.find(({ index, name }) => index === which || name === which);
  }

  /** Removes a device with all its entries. */
  remove({ index }: SimulatedLink): void {
    const isOther = ({ linkIndex }: { readonly linkIndex: number }) => linkIndex !== index;
    this.links = this.links.filter((link) => link.index !== index);
    this.addresses = this.addresses.filter(isOther);
    this.#flushRoutes(index);
    this.#flushNeighbours(index);
    this.fdb = this.fdb.filter(isOther);
  }

  /** Changes a device, with the kernel's side effects. */
  change(link: SimulatedLink, change: Partial<SimulatedLink>): void {
    const next = { ...link, ...change };
    this.links = this.links.map((each) => (each.index === link.index ? next : each));
    // NETDEV_CHANGEADDR always, NETDEV_CHANGE while the device is up.
    if (next.mac !== link.mac || (next.arp !== link.arp && link.up))
      this.#flushNeighbours(link.index);
    if (next.mtu < minimumMtu6) this.#leaveIpv6(link.index);
    if (link.up && !next.up) this.#setDown(link.index);
    if (!link.up && next.up && next.generatesAddress) this.#generateAddress(next);
  }

  /** Adds an address, or replaces the same one. */
  addAddress(address: LinkAddress): void {
    this.addresses = [...this.addresses.filter((known) => !sameEntry(known, address)), address];
  }

  /**
   * Removes an address. With the last IPv4 address of a device, the kernel removes the device's
   * IPv4 routes and neighbours.
   *
   * @returns whether there was such an address
   */
  removeAddress(address: Pick<LinkAddress, "linkIndex" | "prefix">): boolean {
    const { length } = this.addresses;
    this.addresses = this.addresses.filter((known) => !sameEntry(known, address));
    const { linkIndex } = address;
    const hasIpv4 = this.addresses.some(
      ({ linkIndex: index, prefix }) => index === linkIndex && prefix.address.family === 4,
    );
    if (address.prefix.address.family === 4 && !hasIpv4) this.#leaveIpv4(linkIndex);
    return this.addresses.length < length;
  }

  #leaveIpv4(index: number): void {
    this.routes = this.routes.filter(
      ({ linkIndex, destination }) => linkIndex !== index || destination.address.family !== 4,
    );
    this.neighbours = this.neighbours.filter(
      ({ linkIndex, address }) => linkIndex !== index || address.family !== 4,
    );
  }

  #setDown(index: number): void {
    this.#flushRoutes(index);
    this.#flushNeighbours(index);
    this.#leaveIpv6(index);
    this.fdb = this.fdb.filter(({ linkIndex, moves }) => linkIndex !== index || !moves);
  }

  #generateAddress({ index, mtu, kind }: SimulatedLink): void {
    if (mtu < minimumMtu6 || kind === "") return;
    const local = (0xfe80n << 112n) | BigInt(index);
    const prefix = { address: { family: 6, value: local }, length: 64 } as const;
    this.addresses = [...this.addresses, { linkIndex: index, prefix, scope: scopeLink }];
    this.routes = [
      ...this.routes,
      {
        linkIndex: index,
        destination: { address: { family: 6, value: 0xfe80n << 112n }, length: 64 },
        gateway: undefined,
        source: undefined,
        origin: kernelOrigin,
      },
    ];
  }

  #leaveIpv6(index: number): void {
    this.addresses = this.addresses.filter(
      ({ linkIndex, prefix }) => linkIndex !== index || prefix.address.family !== 6,
    );
    this.routes = this.routes.filter(
      ({ linkIndex, destination }) => linkIndex !== index || destination.address.family !== 6,
    );
  }

  #flushRoutes(index: number): void {
    this.routes = this.routes.filter(({ linkIndex }) => linkIndex !== index);
  }

  #flushNeighbours(index: number): void {
    this.neighbours = this.neighbours.filter(({ linkIndex }) => linkIndex !== index);
  }
}

function sameEntry(
  a: Pick<LinkAddress, "linkIndex" | "prefix">,
  b: Pick<LinkAddress, "linkIndex" | "prefix">,
): boolean {
  return a.linkIndex === b.linkIndex && formatPrefix(a.prefix) === formatPrefix(b.prefix);
}
