import { ageless, routeOrigin } from "../../../src/adapters/linux/constants.ts";
import { listAddresses, type LinkAddress } from "../../../src/adapters/netlink/addresses.ts";
import { listLinks, type Link } from "../../../src/adapters/netlink/links.ts";
import {
  listFdb,
  listNeighbours,
  type Neighbour,
} from "../../../src/adapters/netlink/neighbours.ts";
import { listRoutes, type Route } from "../../../src/adapters/netlink/routes.ts";
import { NetlinkSocket } from "../../../src/adapters/netlink/socket.ts";
import type { NetlinkTransport } from "../../../src/adapters/linux/netlink-transport.ts";
import { formatAddress } from "../../../src/model/net/address.ts";
import { formatPrefix } from "../../../src/model/net/prefix.ts";

type NameOf = (index: number) => string;

/** Prints a device: `vxlan102 mtu 1450 address 02:… type vxlan id 102 …`. */
export function linkText(link: Link, nameOf: NameOf): string {
  const { name, mtu, mac, kind, master } = link;
  return [
    name,
    ...(mtu === 0 ? [] : [`mtu ${mtu}`]),
    ...(mac === "" ? [] : [`address ${mac}`]),
    ...(master === 0 ? [] : [`master ${nameOf(master)}`]),
    ...(kind === "" ? [] : [`type ${kind}`]),
    ...kindText(link, nameOf),
  ].join(" ");
}

function kindText({ vxlan, xfrm }: Link, nameOf: NameOf): string[] {
  if (xfrm !== undefined) {
    return [
      `if_id ${xfrm.ifId}`,
      ...(xfrm.underlying === 0 ? [] : [`dev ${nameOf(xfrm.underlying)}`]),
    ];
  }
  if (vxlan === undefined) return [];
  const { vni, local, underlying, port, learning, ageing, limit } = vxlan;
  return [
    `id ${vni} local ${local && formatAddress(local)} dev ${nameOf(underlying)} dstport ${port}`,
    learning ? "learning" : "nolearning",
    ...(ageing === ageless ? [] : [`ageing ${ageing}`]),
    ...(limit === 0 ? [] : [`maxaddress ${limit}`]),
  ];
}

/** Prints an address: `10.0.2.1/24 dev xfrm102`. */
export function addressText({ prefix, linkIndex }: LinkAddress, nameOf: NameOf): string {
  return `${formatPrefix(prefix)} dev ${nameOf(linkIndex)}`;
}

/** Prints a route: `10.1.0.0/16 via … dev xfrm102 src …`; routes of ipman's have no protocol here. */
export function routeText(route: Route, nameOf: NameOf): string {
  const { destination, gateway, source, linkIndex, origin } = route;
  return [
    formatPrefix(destination),
    ...(gateway === undefined ? [] : [`via ${formatAddress(gateway)}`]),
    `dev ${nameOf(linkIndex)}`,
    ...(source === undefined ? [] : [`src ${formatAddress(source)}`]),
    ...(origin === routeOrigin ? [] : [`proto ${origin}`]),
  ].join(" ");
}

/** Prints an entry of the ARP or NDP table: `10.0.2.3 lladdr 02:… dev vxlan102`. */
export function neighbourText({ address, mac, linkIndex }: Neighbour, nameOf: NameOf): string {
  return `${formatAddress(address)} lladdr ${mac} dev ${nameOf(linkIndex)}`;
}

/** Prints an entry of a forwarding database: `02:… dst 10.244.0.3 dev vxlan102 permanent`. */
export function fdbText({ address, mac, linkIndex, moves }: Neighbour, nameOf: NameOf): string {
  const state = moves ? "extern_learn" : "permanent";
  return `${mac} dst ${formatAddress(address)} dev ${nameOf(linkIndex)} ${state}`;
}

/**
 * Prints the devices of a namespace and the entries on them, as ipman reads them: from a simulated
 * kernel as from a real one.
 */
export function namespaceText(namespace: string, transport?: NetlinkTransport): string {
  using socket = NetlinkSocket.open(namespace, undefined, transport);
  const links = listLinks(socket);
  const nameOf = (index: number) =>
    links.find((link) => link.index === index)?.name ?? `if${index}`;
  const others = links.filter(({ name }) => name !== "lo");
  return [
    ...others.map(
      (link) => `link ${linkText(link, nameOf)}${link.up ? " up" : ""}${link.arp ? "" : " noarp"}`,
    ),
    ...listAddresses(socket)
      .filter(({ scope }) => scope < 253)
      .map((address) => `addr ${addressText(address, nameOf)}`),
    ...listRoutes(socket)
      .filter(({ origin }) => origin !== 2)
      .map((route) => `route ${routeText(route, nameOf)}`),
    ...others.flatMap(({ index }) =>
      listNeighbours(socket, index).map((entry) => `neigh ${neighbourText(entry, nameOf)}`),
    ),
    ...others
      .filter(({ vxlan }) => vxlan !== undefined)
      .flatMap(({ index }) =>
        listFdb(socket, index).map((entry) => `fdb ${fdbText(entry, nameOf)}`),
      ),
  ].join("\n");
}
