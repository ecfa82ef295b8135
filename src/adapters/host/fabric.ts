import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import type { Address } from "../../model/net/address.ts";
import { sameAddress } from "../../model/net/address.ts";
import { addAddress, listAddresses } from "../netlink/addresses.ts";
import { addBridge, addVeth, changeLink, deleteLink } from "../netlink/link-requests.ts";
import { findLink, type Link } from "../netlink/links.ts";
import { netnsPath } from "../linux/namespace.ts";
import { linuxNetlink } from "../linux/netlink-transport.ts";
import { replaceRoute } from "../netlink/routes.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { endSegments } from "./end-segments.ts";
import { ensureOwnNamespace, removeOwnNamespace, type OwnNamespace } from "./own-namespace.ts";
import { networkOf, type Prefix } from "../../model/net/prefix.ts";

/** The device of a namespace on the fabric. */
export const fabricDevice = "ipman0";

/** In bytes; leaves room for VXLAN around packets of any tunnel. */
export const fabricMtu = 9000;

/** The device through which a namespace on the fabric reaches the others, and its MTU. */
export const fabricUplink = { device: fabricDevice, mtu: fabricMtu };

const bridgeName = "fabric";

const fabricNamespace: OwnNamespace = {
  name: "ipman",
  isOurs: ({ name, kind }) =>
    (name === bridgeName && kind === "bridge") || (/^p[0-9a-f]{10}$/.test(name) && kind === "veth"),
  remedy: `give it another name or remove it ("ip netns delete ipman")`,
};

const fabricPath = netnsPath(fabricNamespace.name);

/**
 * The network between gateways and workloads on a host without a pod network: a bridge in its own
 * namespace, where the host's rules and routes do not apply.
 */
export class Fabric {
  readonly #network: Prefix;

  /** @param network the network that contains the addresses of the ports */
  constructor(network: Prefix) {
    this.#network = networkOf(network);
  }

  /**
   * Connects a namespace to the fabric, under an address. A correct port is left as it is.
   *
   * @throws {ForeignNamespaceError} if the name of the fabric's namespace is taken
   * @throws {NetlinkError}
   */
  plug(namespace: string, address: Address): void {
    ensureOwnNamespace(fabricNamespace);
    using fabric = NetlinkSocket.open(fabricPath);
    using inside = NetlinkSocket.open(namespace);
    const bridge = ensureBridge(fabric);
    ensurePort({ fabric, inside, namespace, bridge }, portName(address));
    const device = findLink(inside, fabricDevice) as Link;
    const loopback = findLink(inside, "lo");
    if (loopback?.up === false) inside.execute(changeLink(loopback, { up: true }));
    if (!device.up) inside.execute(changeLink(device, { up: true }));
    const has = listAddresses(inside).some(
      ({ linkIndex, prefix }) => linkIndex === device.index && sameAddress(prefix.address, address),
    );
    if (!has) inside.execute(addAddress(device.index, { address, length: this.#network.length }));
    // Setting the device down removes the route, but not the address.
    inside.execute(replaceRoute({ linkIndex: device.index, destination: this.#network }));
  }

  /** Detaches a namespace from its segments, except from those of these devices. */
  endOtherSegments(namespace: string, kept: ReadonlySet<string>): void {
    endSegments(namespace, kept);
  }

  /** Detaches a namespace from its segments and from the fabric. */
  unplug(namespace: string): void {
    if (!existsSync(namespace)) return;
    endSegments(namespace);
    using socket = NetlinkSocket.open(namespace);
    const device = findLink(socket, fabricDevice);
    if (device !== undefined) socket.execute(deleteLink(device));
  }

  /** Removes the fabric with all its ports, but never a namespace that ipman did not make. */
  remove(): void {
    removeOwnNamespace(fabricNamespace);
  }
}

function ensureBridge(fabric: NetlinkSocket): Link {
  const known = findLink(fabric, bridgeName);
  if (known === undefined) fabric.execute(addBridge(bridgeName, fabricMtu));
  const bridge = known ?? (findLink(fabric, bridgeName) as Link);
  if (!bridge.up) fabric.execute(changeLink(bridge, { up: true }));
  return bridge;
}

/** The two namespaces that a port connects. */
interface Ends {
  readonly fabric: NetlinkSocket;
  readonly inside: NetlinkSocket;
  /** The path of the namespace behind `inside`. */
  readonly namespace: string;
  readonly bridge: Link;
}

function ensurePort({ fabric, inside, namespace, bridge }: Ends, name: string): void {
  const port = findLink(fabric, name);
  const isComplete = port !== undefined && findLink(inside, fabricDevice) !== undefined;
  if (isComplete && port.master === bridge.index && port.up) return;
  // Its other end is missing, or in a namespace that had this address before.
  if (port !== undefined) fabric.execute(deleteLink(port));
  using target = linuxNetlink.openNamespace(namespace);
  fabric.execute(addVeth(name, fabricMtu, { name: fabricDevice, namespaceFd: target.fd }));
  fabric.execute(changeLink(findLink(fabric, name) as Link, { up: true, master: bridge.index }));
}

/** The name of an address's port. */
function portName(address: Address): string {
  const digest = createHash("sha256").update(address.value.toString()).digest("hex");
  return `p${digest.slice(0, 10)}`;
}
