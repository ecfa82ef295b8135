import { existsSync, readdirSync } from "node:fs";
import { NetlinkError } from "../linux/errors.ts";
import { netnsFolder, netnsPath } from "../linux/namespace.ts";
import { listAddresses, type LinkAddress } from "../netlink/addresses.ts";
import { listLinks, type Link } from "../netlink/links.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import type { Address } from "../../model/net/address.ts";
import { contains, type Prefix } from "../../model/net/prefix.ts";
import { vxlanName } from "../../model/network/gateway-plan.ts";
import { fabricDevice } from "./fabric.ts";
import { ifIdOfNamespace } from "./gateway-namespace.ts";

/** A namespace that is attached to segments. */
export interface FoundWorker {
  /** A path. */
  readonly netns: string;
  readonly underlay: Address;
  /** Its address in each segment, by the child's if_id. */
  readonly segments: ReadonlyMap<number, Prefix>;
}

/** The endpoints of a former process, as the devices in the kernel show them. */
export interface FoundEndpoints {
  /** The addresses of the gateways on the fabric, by the child's if_id. */
  readonly gateways: ReadonlyMap<number, Address>;
  readonly workers: readonly FoundWorker[];
}

export const nothingFound: FoundEndpoints = { gateways: new Map(), workers: [] };

/** The devices and addresses of a named namespace. */
export interface NamespaceContent {
  readonly name: string;
  readonly links: readonly Pick<Link, "index" | "name" | "kind" | "vxlan">[];
  readonly addresses: readonly LinkAddress[];
}

/**
 * Finds the endpoints on a fabric among the named namespaces of this host. A workload that was
 * attached by another path is not found.
 *
 * @param network the network of the fabric
 * @param onTrouble receives why a namespace cannot be looked at; the others are
 */
export function findEndpoints(
  network: Prefix,
  onTrouble: (error: unknown) => void,
): FoundEndpoints {
  const names = existsSync(netnsFolder) ? readdirSync(netnsFolder) : [];
  return endpointsIn(
    names.flatMap((name) => contentOf(name, onTrouble)),
    network,
  );
}

/** The endpoints among namespaces. */
export function endpointsIn(all: Iterable<NamespaceContent>, network: Prefix): FoundEndpoints {
  const gateways = new Map<number, Address>();
  const workers: FoundWorker[] = [];
  for (const content of all) {
    const underlay = underlayOf(content, network);
    if (underlay === undefined) continue;
    const ifId = ifIdOfNamespace(content.name);
    if (ifId !== undefined) gateways.set(ifId, underlay);
    else workers.push({ netns: netnsPath(content.name), underlay, segments: segmentsOf(content) });
  }
  return { gateways, workers: workers.filter(({ segments }) => segments.size > 0) };
}

function contentOf(name: string, onTrouble: (error: unknown) => void): NamespaceContent[] {
  try {
    using socket = NetlinkSocket.open(netnsPath(name));
    return [{ name, links: listLinks(socket), addresses: listAddresses(socket) }];
  } catch (error) {
    // It was removed meanwhile, or the file does not hold a namespace.
    const isGone = error instanceof NetlinkError && ["ENOENT", "EINVAL"].includes(error.code);
    if (!isGone) onTrouble(error);
    return [];
  }
}

function underlayOf(content: NamespaceContent, network: Prefix): Address | undefined {
  const device = content.links.find(({ name, kind }) => name === fabricDevice && kind === "veth");
  return prefixesOf(content, device).find(({ address }) => contains(network, address))?.address;
}

function segmentsOf(content: NamespaceContent): Map<number, Prefix> {
  const segments = new Map<number, Prefix>();
  for (const link of content.links) {
    const ifId = link.vxlan?.vni;
    if (ifId === undefined || link.name !== vxlanName({ ifId })) continue;
    const [prefix] = prefixesOf(content, link);
    if (prefix !== undefined) segments.set(ifId, prefix);
  }
  return segments;
}

/** The addresses of a device that are valid beyond its link. */
function prefixesOf(
  { addresses }: NamespaceContent,
  device: { readonly index: number } | undefined,
): Prefix[] {
  return addresses
    .filter(({ linkIndex, scope }) => linkIndex === device?.index && scope === 0)
    .map(({ prefix }) => prefix);
}
