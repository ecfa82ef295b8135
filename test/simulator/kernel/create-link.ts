import { Ifla } from "../../../src/adapters/linux/constants.ts";
import { linkFrom, type Link } from "../../../src/adapters/netlink/links.ts";
import { attributesIn, textOf, u32Of } from "../../../src/adapters/netlink/reader.ts";
import type { RouteKernel, SimulatedNamespace } from "./namespace.ts";
import type { Answer } from "./transport.ts";

/** In bytes, over IPv4. */
const vxlanOverhead = 50;

/** Creates the device of an RTM_NEWLINK with NLM_F_CREATE and NLM_F_EXCL. */
export function createLink(
  body: Buffer,
  namespace: SimulatedNamespace,
  kernel: RouteKernel,
): Answer {
  const link = linkFrom(body);
  if (link === undefined || link.name === "") return { code: "EINVAL" };
  if (namespace.find(link.name) !== undefined) return { code: "EEXIST" };
  switch (link.kind) {
    case "xfrm":
      return createXfrm(link, namespace, kernel);
    case "vxlan":
      return createVxlan(link, namespace);
    case "veth":
      return createVeth(body, link, namespace, kernel);
    default:
      namespace.add(created(link));
      return "done";
  }
}

/** A new device is down, and the namespace chooses its index. */
function created(link: Link) {
  const mtu = link.mtu === 0 ? 1_500 : link.mtu;
  return { ...link, index: undefined, mtu, up: false, arp: true };
}

function createXfrm(link: Link, namespace: SimulatedNamespace, kernel: RouteKernel): Answer {
  const all = [...kernel.namespaces()].flatMap(({ links }) => links);
  const isTaken = all.some(
    ({ origin, xfrm }) => origin === namespace.name && xfrm?.ifId === link.xfrm?.ifId,
  );
  if (isTaken && link.xfrm !== undefined) return { code: "EEXIST" };
  namespace.add({ ...created(link), arp: false });
  return "done";
}

function createVxlan(link: Link, namespace: SimulatedNamespace): Answer {
  const { vxlan } = link;
  const lower = namespace.find(vxlan?.underlying ?? 0);
  if (vxlan === undefined || lower === undefined)
    return { code: "ENODEV", text: "Invalid local interface, device not found" };
  const isTaken = namespace.links.some(
    ({ vxlan: other }) =>
      other?.vni === vxlan.vni &&
      other?.port === vxlan.port &&
      other?.local?.family === vxlan.local?.family,
  );
  if (isTaken)
    return { code: "EEXIST", text: "A VXLAN device with the specified VNI already exists" };
  const mtu = Math.min(link.mtu, largestMtu(link, namespace));
  namespace.add({ ...created(link), mtu });
  return "done";
}

/** The largest MTU of a device: that of a VXLAN device depends on the device below it. */
export function largestMtu({ vxlan }: Link, namespace: SimulatedNamespace): number {
  const lower = namespace.find(vxlan?.underlying ?? 0);
  return lower === undefined ? Infinity : lower.mtu - vxlanOverhead;
}

function createVeth(
  body: Buffer,
  link: Link,
  namespace: SimulatedNamespace,
  kernel: RouteKernel,
): Answer {
  const info = attributesIn(attributesIn(body, 16).get(Ifla.linkInfo) ?? Buffer.alloc(0));
  const data = attributesIn(info.get(Ifla.infoData) ?? Buffer.alloc(0));
  const peer = attributesIn(data.get(Ifla.vethPeer) ?? Buffer.alloc(0), 16);
  const other = kernel.byDescriptor(u32Of(peer.get(Ifla.netNsFd)) ?? -1) ?? namespace;
  const name = textOf(peer.get(Ifla.ifname));
  if (other.find(name) !== undefined) return { code: "EEXIST" };
  other.add({ name, kind: "veth", mtu: u32Of(peer.get(Ifla.mtu)) ?? 1_500 });
  namespace.add(created(link));
  return "done";
}
