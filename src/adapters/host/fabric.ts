import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync } from "node:fs";
import type { Address } from "../../model/net/address.ts";
import { sameAddress } from "../../model/net/address.ts";
import { addAddress, listAddresses } from "../netlink/addresses.ts";
import {
  addBridge,
  addVeth,
  changeLink,
  deleteLink,
  findLink,
  type Link,
} from "../netlink/links.ts";
import { createNamespace, deleteNamespace, netnsPath } from "../linux/namespace.ts";
import { replaceRoute } from "../netlink/routes.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { endSegments } from "./end-segments.ts";
import { networkOf, type Prefix } from "../../model/net/prefix.ts";

/** The device by which a namespace reaches the others on the fabric. */
export const fabricDevice = "ipman0";

/** Bytes; room for VXLAN around whatever a tunnel carries. */
export const fabricMtu = 9000;

/** How a namespace on the fabric reaches the others. */
export const fabricUplink = { device: fabricDevice, mtu: fabricMtu };

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
    if (!existsSync(netnsPath(namespaceName))) createNamespace(namespaceName);
    using fabric = NetlinkSocket.open(netnsPath(namespaceName));
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
    // It goes whenever the device is set down, and the address stays.
    inside.execute(replaceRoute({ linkIndex: device.index, destination: this.#network }));
  }

  /** Removes a namespace's segments but for those of these devices. */
  endOtherSegments(namespace: string, kept: ReadonlySet<string>): void {
    endSegments(namespace, kept);
  }

  /** Removes a namespace's segments, and its port, if it has one. */
  unplug(namespace: string): void {
    if (!existsSync(namespace)) return;
    endSegments(namespace);
    using socket = NetlinkSocket.open(namespace);
    const device = findLink(socket, fabricDevice);
    if (device !== undefined) socket.execute(deleteLink(device));
  }

  /** Removes the fabric with all its ports. */
  remove(): void {
    deleteNamespace(namespaceName);
  }
}

function ensureBridge(fabric: NetlinkSocket): Link {
  const known = findLink(fabric, bridgeName);
  if (known === undefined) fabric.execute(addBridge(bridgeName, fabricMtu));
  const bridge = known ?? (findLink(fabric, bridgeName) as Link);
  if (!bridge.up) fabric.execute(changeLink(bridge, { up: true }));
  return bridge;
}

/** The two ends of a port to be. */
interface Ends {
  readonly fabric: NetlinkSocket;
  readonly inside: NetlinkSocket;
  /** The path of the namespace behind `inside`. */
  readonly namespace: string;
  readonly bridge: Link;
}

function ensurePort({ fabric, inside, namespace, bridge }: Ends, name: string): void {
  const port = findLink(fabric, name);
  const whole = port !== undefined && findLink(inside, fabricDevice) !== undefined;
  if (whole && port.master === bridge.index && port.up) return;
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

/** Each address has one port. */
function portName(address: Address): string {
  const digest = createHash("sha256").update(address.value.toString()).digest("hex");
  return `p${digest.slice(0, 10)}`;
}
