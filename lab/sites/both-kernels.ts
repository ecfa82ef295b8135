import { createNamespace, deleteNamespace, netnsPath } from "../../src/adapters/linux/namespace.ts";
import type { NetlinkTransport } from "../../src/adapters/linux/netlink-transport.ts";
import { NetlinkError } from "../../src/adapters/linux/errors.ts";
import { findLink } from "../../src/adapters/netlink/links.ts";
import { NetlinkSocket, type Request } from "../../src/adapters/netlink/socket.ts";
import { namespaceText } from "../../test/simulator/kernel/entry-text.ts";
import { SimulatedKernel } from "../../test/simulator/kernel/kernel.ts";
import { prefix } from "../../test/simulator/kernel/plans.ts";
import { ip } from "./shell.ts";

/** The namespaces that both kernels have. */
export const pod = netnsPath("sim-pod");
export const other = netnsPath("sim-other");

/** A MAC address by its last byte. */
export const mac = (last: number) => `02:00:00:00:00:${last.toString(16).padStart(2, "0")}`;

/** An index that no device has. */
export const missing = 4_242;

/** One of the two kernels, to which a step sends its requests. */
export interface Side {
  readonly transport: NetlinkTransport;
  readonly socket: NetlinkSocket;
  /** The index of a device, which the kernels choose; an unused index if there is none. */
  readonly index: (name: string) => number;
}

/** The result of a request: `done`, or the kernel's error. */
export function outcome(socket: NetlinkSocket, request: Request): string {
  try {
    socket.execute({ ...request, tolerate: [] });
    return "done";
  } catch (error) {
    if (error instanceof NetlinkError) return error.message;
    throw error;
  }
}

/** Opens a socket in the pod's namespace. */
export function sideOf(transport: NetlinkTransport): Side {
  const socket = NetlinkSocket.open(pod, undefined, transport);
  return { transport, socket, index: (name) => findLink(socket, name)?.index ?? missing };
}

/** Everything in both namespaces, sorted, without the MAC addresses that a kernel generates. */
export function stateOf({ transport }: Side): string {
  return [pod, other]
    .map((namespace) => namespaceText(namespace, transport))
    .join("\n")
    .replaceAll(/^(link (?:br0|veth\d) mtu \d+) address \S+/gm, "$1")
    .split("\n")
    .toSorted()
    .join("\n");
}

/** Creates a pod's namespace on both kernels, with a device on the pod network. */
export function bothKernels() {
  const simulated = new SimulatedKernel();
  simulated.create("host");
  simulated.create(other).add({ name: "peer0", kind: "veth", up: true, mac: mac(0x45) });
  const namespace = simulated.create(pod);
  const eth0 = namespace.add({ name: "eth0", kind: "veth", up: true, mac: mac(0x44) });
  const outer = { linkIndex: eth0.index, prefix: prefix("10.244.0.1/24"), scope: 0 };
  const connected = { gateway: undefined, source: outer.prefix.address, origin: 2 };
  namespace.addresses = [outer];
  namespace.routes = [
    { ...connected, linkIndex: eth0.index, destination: prefix("10.244.0.0/24") },
  ];
  for (const name of ["sim-pod", "sim-other"]) createNamespace(name);
  const peer = `type veth peer name peer0 netns sim-other address ${mac(0x45)}`;
  ip(`-n sim-pod link add eth0 address ${mac(0x44)} ${peer}`);
  ip("-n sim-pod link set eth0 addrgenmode none up");
  ip("-n sim-other link set peer0 addrgenmode none up");
  ip("-n sim-pod addr add 10.244.0.1/24 dev eth0");
  return simulated;
}

/** Removes the real kernel's namespaces. */
export function removeNamespaces(): void {
  for (const name of ["sim-pod", "sim-other"]) deleteNamespace(name);
}
