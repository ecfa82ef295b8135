import {
  addrGenModeNone,
  Ifla,
  iffNoArp,
  iffUp,
  Nda,
  Nl,
  Rta,
  Rtm,
  Sock,
} from "../../../src/adapters/linux/constants.ts";
import { addressFrom } from "../../../src/adapters/netlink/addresses.ts";
import { linkFrom } from "../../../src/adapters/netlink/links.ts";
import { neighbourFrom } from "../../../src/adapters/netlink/neighbours.ts";
import {
  addressOf,
  attributesIn,
  textOf,
  u32Of,
  type NetlinkMessage,
} from "../../../src/adapters/netlink/reader.ts";
import { routeFrom, type Route } from "../../../src/adapters/netlink/routes.ts";
import { sameAddress, type Address } from "../../../src/model/net/address.ts";
import { contains, isNetwork, type Prefix } from "../../../src/model/net/prefix.ts";
import { encodeAddress, encodeLink, encodeNeighbour, encodeRoute } from "./encode.ts";
import { createLink, largestMtu } from "./create-link.ts";
import type { RouteKernel, SimulatedNamespace } from "./namespace.ts";
import type { Answer } from "./transport.ts";

/** Answers a request of the routing protocol like Linux, for the kinds that ipman sends. */
export function answerRoute(
  request: NetlinkMessage,
  namespace: SimulatedNamespace,
  kernel: RouteKernel,
): Answer {
  const { type, body } = request;
  const isNew = (request.flags & Nl.create) !== 0;
  switch (type) {
    case Rtm.getLink:
      return isDump(request)
        ? { type: Rtm.newLink, bodies: namespace.links.map(encodeLink) }
        : findLink(body, namespace);
    case Rtm.newLink:
      return isNew ? createLink(body, namespace, kernel) : changeLink(body, namespace, kernel);
    case Rtm.delLink:
      return deleteLink(body, namespace);
    case Rtm.getAddr:
      return { type: Rtm.newAddr, bodies: namespace.addresses.map(encodeAddress) };
    case Rtm.newAddr:
    case Rtm.delAddr:
      return changeAddress(type, body, namespace);
    case Rtm.getRoute:
      return isDump(request) ? dumpRoutes(body, namespace) : lookUp(body, namespace);
    case Rtm.newRoute:
    case Rtm.delRoute:
      return changeRoute(type, body, namespace);
    case Rtm.getNeigh:
      return dumpNeighbours(body, namespace);
    case Rtm.newNeigh:
    case Rtm.delNeigh:
      return changeNeighbour(type, body, namespace);
    default:
      return { code: "EOPNOTSUPP" };
  }
}

function isDump({ flags }: NetlinkMessage): boolean {
  return (flags & Nl.dump) === Nl.dump;
}

function findLink(body: Buffer, namespace: SimulatedNamespace): Answer {
  const name = textOf(attributesIn(body, 16).get(Ifla.ifname));
  const link = namespace.find(name === "" ? body.readInt32LE(4) : name);
  return link === undefined
    ? { code: "ENODEV" }
    : { type: Rtm.newLink, bodies: [encodeLink(link)] };
}

function deleteLink(body: Buffer, namespace: SimulatedNamespace): Answer {
  const link = namespace.find(body.readInt32LE(4));
  if (link === undefined) return { code: "ENODEV" };
  namespace.remove(link);
  return "done";
}

function changeLink(body: Buffer, namespace: SimulatedNamespace, kernel: RouteKernel): Answer {
  const link = namespace.find(body.readInt32LE(4));
  if (link === undefined) return { code: "ENODEV" };
  const attributes = attributesIn(body, 16);
  const target = u32Of(attributes.get(Ifla.netNsFd));
  if (target !== undefined) {
    const destination = kernel.byDescriptor(target);
    if (destination === undefined) return { code: "EINVAL" };
    if (destination.find(link.name) !== undefined) return { code: "EEXIST" };
    namespace.remove(link);
    destination.add({ ...link, up: false });
    return "done";
  }
  const [flags, mask] = [body.readUInt32LE(8), body.readUInt32LE(12)];
  const { mtu, mac, master } = linkFrom(body) ?? link;
  if (attributes.has(Ifla.mtu) && mtu > largestMtu(link, namespace)) return { code: "EINVAL" };
  namespace.change(link, {
    ...((mask & iffUp) !== 0 && { up: (flags & iffUp) !== 0 }),
    ...((mask & iffNoArp) !== 0 && { arp: (flags & iffNoArp) === 0 }),
    ...(attributes.has(Ifla.mtu) && { mtu }),
    ...(attributes.has(Ifla.address) && { mac }),
    ...(attributes.has(Ifla.master) && { master }),
    ...(generatesNoAddress(attributes) && { generatesAddress: false }),
  });
  return "done";
}

function generatesNoAddress(attributes: ReadonlyMap<number, Buffer>): boolean {
  const families = attributesIn(attributes.get(Ifla.afSpec) ?? Buffer.alloc(0));
  const settings = attributesIn(families.get(Sock.afInet6) ?? Buffer.alloc(0));
  return settings.get(Ifla.inet6AddrGenMode)?.readUInt8(0) === addrGenModeNone;
}

function changeAddress(type: number, body: Buffer, namespace: SimulatedNamespace): Answer {
  const address = addressFrom(body);
  if (address === undefined) return { code: "EINVAL" };
  const { family } = address.prefix.address;
  if (namespace.find(address.linkIndex) === undefined)
    return { code: "ENODEV", text: family === 4 ? "ipv4: Device not found" : "" };
  if (type === Rtm.newAddr) namespace.addAddress(address);
  else if (!namespace.removeAddress(address)) {
    const detail = family === 4 ? "ipv4: Address not found" : "ipv6: address not found";
    return { code: "EADDRNOTAVAIL", text: detail };
  }
  return "done";
}

function dumpRoutes(body: Buffer, namespace: SimulatedNamespace): Answer {
  const family = body.readUInt8(0) === Sock.afInet ? 4 : 6;
  const routes = namespace.routes.filter(
    ({ destination }) => destination.address.family === family,
  );
  return { type: Rtm.newRoute, bodies: routes.map(encodeRoute) };
}

/** Looks up the route to an address; the longest prefix wins. */
function lookUp(body: Buffer, namespace: SimulatedNamespace): Answer {
  const target = addressOf(attributesIn(body, 12).get(Rta.dst));
  if (target === undefined) return { code: "EINVAL" };
  const [route] = namespace.routes
    .filter(({ destination }) => contains(destination, target))
    .toSorted((a, b) => b.destination.length - a.destination.length);
  if (route === undefined) return { code: "ENETUNREACH" };
  const source = route.source ?? sourceOf(namespace, route);
  return { type: Rtm.newRoute, bodies: [encodeRoute({ ...route, source })] };
}

function sourceOf(
  { addresses }: SimulatedNamespace,
  { linkIndex, destination }: Route,
): Address | undefined {
  return addresses.find(
    (address) =>
      address.linkIndex === linkIndex &&
      address.prefix.address.family === destination.address.family,
  )?.prefix.address;
}

function changeRoute(type: number, body: Buffer, namespace: SimulatedNamespace): Answer {
  const route = routeFrom(body);
  if (route === undefined) return { code: "EINVAL" };
  const isSame = (other: Route) => samePrefix(other.destination, route.destination);
  if (type === Rtm.delRoute) {
    const found = namespace.routes.find(
      (other) => isSame(other) && other.linkIndex === route.linkIndex,
    );
    if (found === undefined) return { code: "ESRCH" };
    namespace.routes = namespace.routes.filter((other) => other !== found);
    return "done";
  }
  const refusal = routeRefusal(route, namespace);
  if (refusal !== undefined) return refusal;
  namespace.routes = [...namespace.routes.filter((other) => !isSame(other)), route];
  return "done";
}

function routeRefusal(route: Route, namespace: SimulatedNamespace): Answer | undefined {
  const { destination, source } = route;
  const link = namespace.find(route.linkIndex);
  if (destination.address.family === 4 && !isNetwork(destination))
    return { code: "EINVAL", text: "Invalid prefix for given prefix length" };
  if (link === undefined) return { code: "ENODEV" };
  if (!link.up) return { code: "ENETDOWN", text: "Device for nexthop is not up" };
  const isLocal = namespace.addresses.some(
    ({ prefix }) => source !== undefined && sameAddress(prefix.address, source),
  );
  if (source !== undefined && !isLocal) return { code: "EINVAL", text: "Invalid prefsrc address" };
  return undefined;
}

function samePrefix(a: Prefix, b: Prefix): boolean {
  return a.length === b.length && sameAddress(a.address, b.address);
}

function dumpNeighbours(body: Buffer, namespace: SimulatedNamespace): Answer {
  const family = body.readUInt8(0);
  if (family === Sock.afBridge) {
    const index = body.readInt32LE(4);
    const entries = namespace.fdb.filter(({ linkIndex }) => linkIndex === index);
    return { type: Rtm.newNeigh, bodies: entries.map((entry) => encodeNeighbour(entry, true)) };
  }
  const index = u32Of(attributesIn(body, 12).get(Nda.ifindex));
  const entries = namespace.neighbours.filter(
    ({ linkIndex, address }) =>
      linkIndex === index && address.family === (family === Sock.afInet ? 4 : 6),
  );
  return { type: Rtm.newNeigh, bodies: entries.map((entry) => encodeNeighbour(entry, false)) };
}

function changeNeighbour(type: number, body: Buffer, namespace: SimulatedNamespace): Answer {
  const entry = neighbourFrom(body);
  if (entry === undefined) return { code: "EINVAL" };
  const link = namespace.find(entry.linkIndex);
  if (link === undefined) return { code: "ENODEV" };
  const isFdb = body.readUInt8(0) === Sock.afBridge;
  if (isFdb && link.vxlan?.local?.family !== entry.address.family) return { code: "EAFNOSUPPORT" };
  const entries = isFdb ? namespace.fdb : namespace.neighbours;
  const others = entries.filter(
    (other) =>
      other.linkIndex !== entry.linkIndex ||
      (isFdb ? other.mac !== entry.mac : !sameAddress(other.address, entry.address)),
  );
  if (type === Rtm.delNeigh && others.length === entries.length) return { code: "ENOENT" };
  const limit = link.vxlan?.limit ?? 0;
  const count = others.filter(({ linkIndex }) => linkIndex === link.index).length;
  if (isFdb && type === Rtm.newNeigh && limit > 0 && count >= limit) return { code: "ENOSPC" };
  const changed = type === Rtm.newNeigh ? [...others, entry] : others;
  if (isFdb) namespace.fdb = changed;
  else namespace.neighbours = changed;
  return "done";
}
