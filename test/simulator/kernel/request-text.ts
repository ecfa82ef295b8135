import { Ifla, iffNoArp, iffUp, Nl, Rtm, Sock } from "../../../src/adapters/linux/constants.ts";
import { addressFrom } from "../../../src/adapters/netlink/addresses.ts";
import { linkFrom } from "../../../src/adapters/netlink/links.ts";
import { neighbourFrom } from "../../../src/adapters/netlink/neighbours.ts";
import { attributesIn, u32Of, type NetlinkMessage } from "../../../src/adapters/netlink/reader.ts";
import { routeFrom } from "../../../src/adapters/netlink/routes.ts";
import { addressText, fdbText, linkText, neighbourText, routeText } from "./entry-text.ts";
import type { SimulatedNamespace } from "./namespace.ts";

/** Prints a request that changes something in the manner of iproute2; undefined for others. */
export function requestText(
  { type, flags, body }: NetlinkMessage,
  { links }: SimulatedNamespace,
  namespaceOf: (fd: number) => string | undefined,
): string | undefined {
  const nameOf = (index: number) =>
    links.find((link) => link.index === index)?.name ?? `if${index}`;
  switch (type) {
    case Rtm.newLink: {
      const link = linkFrom(body);
      if (link === undefined) return undefined;
      return (flags & Nl.create) === 0
        ? `link set ${nameOf(link.index)} ${changeText(body, nameOf, namespaceOf)}`
        : `link add ${linkText(link, nameOf)}`;
    }
    case Rtm.delLink:
      return `link del ${nameOf(body.readInt32LE(4))}`;
    case Rtm.newAddr:
    case Rtm.delAddr: {
      const address = addressFrom(body);
      return (
        address &&
        `addr ${type === Rtm.newAddr ? "replace" : "del"} ${addressText(address, nameOf)}`
      );
    }
    case Rtm.newRoute:
    case Rtm.delRoute: {
      const route = routeFrom(body);
      return (
        route && `route ${type === Rtm.newRoute ? "replace" : "del"} ${routeText(route, nameOf)}`
      );
    }
    case Rtm.newNeigh:
    case Rtm.delNeigh: {
      const entry = neighbourFrom(body);
      if (entry === undefined) return undefined;
      const verb = type === Rtm.newNeigh ? "replace" : "del";
      return body.readUInt8(0) === Sock.afBridge
        ? `fdb ${verb} ${fdbText(entry, nameOf)}`
        : `neigh ${verb} ${neighbourText(entry, nameOf)}`;
    }
    default:
      return undefined;
  }
}

function changeText(
  body: Buffer,
  nameOf: (index: number) => string,
  namespaceOf: (fd: number) => string | undefined,
): string {
  const { mtu, mac, master } = linkFrom(body) ?? {};
  const [flags, mask] = [body.readUInt32LE(8), body.readUInt32LE(12)];
  const attributes = attributesIn(body, 16);
  const target = u32Of(attributes.get(Ifla.netNsFd));
  return [
    ...((mask & iffUp) === 0 ? [] : [(flags & iffUp) === 0 ? "down" : "up"]),
    ...((mask & iffNoArp) === 0 ? [] : [`arp ${(flags & iffNoArp) === 0 ? "on" : "off"}`]),
    ...(attributes.has(Ifla.mtu) ? [`mtu ${mtu}`] : []),
    ...(attributes.has(Ifla.address) ? [`address ${mac}`] : []),
    ...(attributes.has(Ifla.master) ? [`master ${nameOf(master ?? 0)}`] : []),
    ...(attributes.has(Ifla.afSpec) ? ["addrgenmode none"] : []),
    ...(target === undefined ? [] : [`netns ${namespaceOf(target)}`]),
  ].join(" ");
}
