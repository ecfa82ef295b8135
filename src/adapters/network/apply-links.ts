import { declaredIfId } from "../../model/api/path.ts";
import { sameAddress } from "../../model/net/address.ts";
import type { LinkPlan, VxlanLink, XfrmLink } from "../../model/network/network-plan.ts";
import { ageless } from "../linux/constants.ts";
import { NetlinkError } from "../linux/errors.ts";
import { linuxNetlink, type NetlinkTransport } from "../linux/netlink-transport.ts";
import { addVxlanLink, addXfrmLink, changeLink, deleteLink } from "../netlink/link-requests.ts";
import { findLink, listLinks, type Link, type VxlanAttributes } from "../netlink/links.ts";
import { NetlinkSocket, type Request } from "../netlink/socket.ts";

/** The namespaces of a plan, as paths. */
export interface PlanPlace {
  /** The namespace of the plan; undefined for the process's own. */
  readonly namespace: string | undefined;
  /** charon's namespace, in which xfrm interfaces are created; undefined for the process's own. */
  readonly charonNamespace?: string | undefined;
}

/** The devices of a namespace after a pass. */
export interface AppliedLinks {
  /** By their planned names. */
  readonly planned: ReadonlyMap<string, Link>;
  /** To be deleted once no route leads there. */
  readonly former: readonly Link[];
}

const enodev = 19;

/**
 * Creates the devices that are missing.
 *
 * @returns the namespace's devices
 * @throws {NetlinkError} the first refusal
 */
export function createLinks(
  socket: NetlinkSocket,
  place: PlanPlace,
  links: readonly LinkPlan[],
  transport: NetlinkTransport,
): readonly Link[] {
  let actual = listLinks(socket);
  let changed = false;
  for (const link of links) {
    const created =
      link.kind === "xfrm"
        ? ensureXfrm({ socket, place, transport }, link, actual)
        : ensureVxlan(socket, link, actual);
    changed ||= created;
  }
  if (changed) actual = listLinks(socket);
  return actual;
}

/**
 * Brings devices in line with their plans, and sets them up.
 *
 * @throws {NetlinkError} the first refusal
 */
export function correctLinks(
  socket: NetlinkSocket,
  links: readonly LinkPlan[],
  actual: readonly Link[],
): AppliedLinks {
  for (const link of links) correct(socket, link, found(actual, link));
  return {
    planned: new Map(links.map((link) => [link.name, found(actual, link)])),
    former: formerTunnels(actual, links),
  };
}

/**
 * The xfrm interfaces of paths that are not planned any more: their if_ids were derived from the same
 * declared one.
 */
function formerTunnels(actual: readonly Link[], plan: readonly LinkPlan[]): Link[] {
  const planned = plan.flatMap((link) => (link.kind === "xfrm" ? [link.ifId] : []));
  const declared = new Set(planned.map(declaredIfId));
  return actual.filter(({ xfrm }) => {
    const ifId = xfrm?.ifId;
    return ifId !== undefined && declared.has(declaredIfId(ifId)) && !planned.includes(ifId);
  });
}

/** Sets planned devices down; skips devices that do not exist. */
export function setDown(socket: NetlinkSocket, links: readonly LinkPlan[]): void {
  const up = listLinks(socket).filter((link) => link.up);
  for (const link of up.filter((known) => links.some((plan) => isPlanned(known, plan)))) {
    socket.execute(changeLink(link, { up: false }));
  }
}

/**
 * Deletes a device of a namespace; one that does not exist is not an error.
 *
 * @throws {NetlinkError}
 */
export function removeLink(namespace: string, name: string, transport = linuxNetlink): void {
  using socket = NetlinkSocket.open(namespace, undefined, transport);
  const link = findLink(socket, name);
  if (link !== undefined) socket.execute(deleteLink(link));
}

/** Whether a namespace has a device of that name. */
export function hasLink(namespace: string, name: string, transport = linuxNetlink): boolean {
  using socket = NetlinkSocket.open(namespace, undefined, transport);
  return findLink(socket, name) !== undefined;
}

/** Whether a device is the planned one. An xfrm interface is identified by its if_id, not its name. */
export function isPlanned(link: Link, plan: LinkPlan): boolean {
  return plan.kind === "xfrm" ? link.xfrm?.ifId === plan.ifId : link.name === plan.name;
}

/** The device of a plan. @throws {NetlinkError} if it does not exist */
export function found(actual: readonly Link[], plan: LinkPlan): Link {
  const link = actual.find((candidate) => isPlanned(candidate, plan));
  if (link === undefined) throw new NetlinkError(`find link ${plan.name}`, enodev);
  return link;
}

/** The destination of an xfrm interface. */
interface XfrmPlace {
  /** In the namespace of the plan. */
  readonly socket: NetlinkSocket;
  readonly place: PlanPlace;
  readonly transport: NetlinkTransport;
}

function ensureXfrm(
  { socket, place, transport }: XfrmPlace,
  plan: XfrmLink,
  actual: readonly Link[],
): boolean {
  const known = actual.find((link) => isPlanned(link, plan));
  if (known?.xfrm?.underlying === 0 && plan.underlying === undefined) return false;
  using charon = NetlinkSocket.open(place.charonNamespace, undefined, transport);
  if (known?.xfrm?.underlying === underlying(charon, plan)) return false;
  // The kernel changes neither the if_id nor the device below on an existing device.
  const obstacle = known ?? actual.find((link) => link.name === plan.name);
  if (obstacle !== undefined) socket.execute(deleteLink(obstacle));
  using target = transport.openNamespace(place.namespace);
  const created = createXfrm(charon, plan);
  charon.execute(changeLink(created, { namespaceFd: target.fd }));
  return true;
}

function createXfrm(charon: NetlinkSocket, plan: XfrmLink): Link {
  try {
    charon.execute(addXfrmLink(plan.name, plan.ifId, plan.mtu, underlying(charon, plan)));
  } catch (error) {
    // An earlier pass was interrupted after it created the interface, and before it moved it.
    const stray = listLinks(charon).find((link) => isPlanned(link, plan));
    if (stray === undefined) throw error;
    return stray;
  }
  const created = findLink(charon, plan.name);
  if (created === undefined) throw new NetlinkError(`find link ${plan.name}`, enodev);
  return created;
}

function underlying(charon: NetlinkSocket, plan: XfrmLink): number {
  if (plan.underlying === undefined) return 0;
  const link = findLink(charon, plan.underlying);
  if (link === undefined)
    throw new NetlinkError(`find device ${plan.underlying} for ${plan.name}`, enodev);
  return link.index;
}

function ensureVxlan(socket: NetlinkSocket, plan: VxlanLink, actual: readonly Link[]): boolean {
  const below = actual.find((link) => link.name === plan.underlying);
  if (below === undefined) throw new NetlinkError(`find device ${plan.underlying}`, enodev);
  const link = actual.find((candidate) => isPlanned(candidate, plan));
  if (link !== undefined) {
    if (link.vxlan !== undefined && isAsPlanned(link.vxlan, plan, below.index)) return false;
    // The kernel changes only some of these attributes on an existing device.
    socket.execute(deleteLink(link));
  }
  socket.execute(addVxlanLink({ ...plan, underlying: below.index }));
  return true;
}

function isAsPlanned(actual: VxlanAttributes, plan: VxlanLink, underlying: number): boolean {
  const limit = plan.learning === false ? 0 : plan.learning.most;
  return (
    actual.vni === plan.vni &&
    actual.port === plan.port &&
    actual.underlying === underlying &&
    actual.local !== undefined &&
    sameAddress(actual.local, plan.local) &&
    actual.learning === (plan.learning !== false) &&
    actual.ageing === ageless &&
    actual.limit === limit
  );
}

function correct(socket: NetlinkSocket, plan: LinkPlan, link: Link): void {
  if (plan.kind === "vxlan" && link.mac !== plan.mac) {
    socket.execute(changeLink(link, { mac: plan.mac }));
  }
  // The plan has every neighbour, so none is resolved. The kernel removes all entries with this.
  if (plan.kind === "vxlan" && link.arp) socket.execute(changeLink(link, { arp: false }));
  if (link.mtu !== plan.mtu) socket.execute(changeLink(link, { mtu: plan.mtu }));
  if (!link.up) {
    // Before it is up: IPv6 sends packets as soon as it is.
    if (plan.kind === "vxlan") socket.execute(withoutAddress(link));
    socket.execute(changeLink(link, { up: true }));
  }
}

/** Stops IPv6 from generating an address; a kernel without IPv6 does not know the attribute. */
function withoutAddress(link: Link): Request {
  return { ...changeLink(link, { unaddressed: true }), tolerate: ["EAFNOSUPPORT"] };
}
