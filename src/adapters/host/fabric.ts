import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync } from "node:fs";
import type { Address } from "../../model/address.ts";
import { sameAddress } from "../../model/address.ts";
import { addAddress, listAddresses } from "../netlink/addresses.ts";
import {
  addBridge,
  addVeth,
  changeLink,
  deleteLink,
  listLinks,
  type Link,
} from "../netlink/links.ts";
import { createNamespace, deleteNamespace, netnsPath } from "../netlink/namespace.ts";
import { replaceRoute } from "../netlink/routes.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { networkOf, type Prefix } from "../../model/prefix.ts";

/** The device by which a namespace reaches the others on the fabric. */
export const fabricDevice = "ipman0";

/** Bytes; room for VXLAN around whatever a tunnel carries. */
export const fabricMtu = 9000;

const namespaceName = "ipman";
const bridgeName = "fabric";

/**
 * The network between gateways and workloads on a host without a pod network: a bridge
 * in a namespace of its own, where no rule and no route of the host's interferes.
 */
export class Fabric {
  readonly #network: Prefix;

  /** @param network the addresses that the fabric gives to its ports */
  constructor(network: Prefix) {
    this.#network = networkOf(network);
  }

  /** Gives a namespace its port and address; what is there as it should be stays. */
  plug(namespace: string, address: Address): void {
    const bridge = this.#ensureBridge();
    this.#ensurePort(namespace, address, bridge);
    using socket = NetlinkSocket.open(namespace);
    const links = listLinks(socket);
    const device = links.find((link) => link.name === fabricDevice) as Link;
    const loopback = links.find((link) => link.name === "lo");
    if (loopback?.up === false) socket.execute(changeLink(loopback, { up: true }));
    if (!device.up) socket.execute(changeLink(device, { up: true }));
    const has = listAddresses(socket).some(
      ({ linkIndex, prefix }) => linkIndex === device.index && sameAddress(prefix.address, address),
    );
    if (has) return;
    socket.execute(addAddress(device.index, { address, length: this.#network.length }));
    socket.execute(replaceRoute({ linkIndex: device.index, destination: this.#network }));
  }

  /** Takes a namespace's port away, if it has one. */
  unplug(namespace: string): void {
    if (!existsSync(namespace)) return;
    using socket = NetlinkSocket.open(namespace);
    const device = listLinks(socket).find((link) => link.name === fabricDevice);
    if (device !== undefined) socket.execute(deleteLink(device));
  }

  /** Removes the fabric with all its ports. */
  remove(): void {
    deleteNamespace(namespaceName);
  }

  #ensureBridge(): Link {
    if (!existsSync(netnsPath(namespaceName))) createNamespace(namespaceName);
    using socket = NetlinkSocket.open(netnsPath(namespaceName));
    const known = findLink(socket, bridgeName);
    if (known === undefined) socket.execute(addBridge(bridgeName, fabricMtu));
    const bridge = known ?? (findLink(socket, bridgeName) as Link);
    if (!bridge.up) socket.execute(changeLink(bridge, { up: true }));
    return bridge;
  }

  #ensurePort(namespace: string, address: Address, bridge: Link): void {
    const name = portName(address);
    using fabric = NetlinkSocket.open(netnsPath(namespaceName));
    const port = findLink(fabric, name);
    if (port !== undefined && hasDevice(namespace) && port.master === bridge.index && port.up)
      return;
    // The other end is gone, or in a namespace that had this address before.
    if (port !== undefined) fabric.execute(deleteLink(port));
    const target = openSync(namespace, "r");
    try {
      fabric.execute(addVeth(name, fabricMtu, { name: fabricDevice, namespaceFd: target }));
    } finally {
      closeSync(target);
    }
    fabric.execute(changeLink(findLink(fabric, name) as Link, { up: true, master: bridge.index }));
  }
}

function hasDevice(namespace: string): boolean {
  using socket = NetlinkSocket.open(namespace);
  return findLink(socket, fabricDevice) !== undefined;
}

function findLink(socket: NetlinkSocket, name: string): Link | undefined {
  return listLinks(socket).find((link) => link.name === name);
}

/** Each address has one port. */
function portName(address: Address): string {
  const digest = createHash("sha256").update(address.value.toString()).digest("hex");
  return `p${digest.slice(0, 10)}`;
}
