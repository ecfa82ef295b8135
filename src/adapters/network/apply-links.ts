import { closeSync } from "node:fs";
import { sameAddress } from "../../model/net/address.ts";
import type { LinkPlan, VxlanLink, XfrmLink } from "../../model/network/network-plan.ts";
import { ageless } from "../linux/constants.ts";
import { NetlinkError } from "../linux/errors.ts";
import {
  addVxlanLink,
  addXfrmLink,
  changeLink,
  deleteLink,
  findLink,
  listLinks,
  type Link,
  type VxlanAttributes,
} from "../netlink/links.ts";
import { openNamespace } from "../linux/namespace.ts";
import { NetlinkSocket, type Request } from "../netlink/socket.ts";

/** The namespaces of a plan, as paths. */
export interface PlanPlace {
  /** Where the plan applies; undefined for the process's own. */
  readonly namespace: string | undefined;
  /** Where charon is, and xfrm interfaces are made; undefined for the process's own. */
  readonly charonNamespace?: string | undefined;
}

const enodev = 19;

/** Makes the links as planned and gives them by name. */
export function applyLinks(
  socket: NetlinkSocket,
  place: PlanPlace,
  links: readonly LinkPlan[],
): Map<string, Link> {
  let actual = listLinks(socket);
  let changed = false;
  for (const link of links) {
    const made =
      link.kind === "xfrm"
        ? ensureXfrm(socket, place, link, actual)
        : ensureVxlan(socket, link, actual);
    changed ||= made;
  }
  if (changed) actual = listLinks(socket);
  for (const link of links) settle(socket, link, found(actual, link));
  return new Map(links.map((link) => [link.name, found(actual, link)]));
}

/** Sets those of the links down that are there. */
export function setDown(socket: NetlinkSocket, links: readonly LinkPlan[]): void {
  const up = listLinks(socket).filter((link) => link.up);
  for (const link of up.filter((known) => links.some((plan) => isPlanned(known, plan)))) {
    socket.execute(changeLink(link, { up: false }));
  }
}

/** Deletes a device of a namespace; one that is not there is deleted. */
export function removeLink(namespace: string, name: string): void {
  using socket = NetlinkSocket.open(namespace);
  const link = findLink(socket, name);
  if (link !== undefined) socket.execute(deleteLink(link));
}

/** Whether a namespace has a device of that name. */
export function hasLink(namespace: string, name: string): boolean {
  using socket = NetlinkSocket.open(namespace);
  return findLink(socket, name) !== undefined;
}

/** An xfrm interface is known by its if_id: names can be anybody's. */
export function isPlanned(link: Link, plan: LinkPlan): boolean {
  return plan.kind === "xfrm" ? link.xfrm?.ifId === plan.ifId : link.name === plan.name;
}

function found(actual: readonly Link[], plan: LinkPlan): Link {
  const link = actual.find((candidate) => isPlanned(candidate, plan));
  if (link === undefined) throw new NetlinkError(`find link ${plan.name}`, enodev);
  return link;
}

function ensureXfrm(
  socket: NetlinkSocket,
  place: PlanPlace,
  plan: XfrmLink,
  actual: readonly Link[],
): boolean {
  const known = actual.find((link) => isPlanned(link, plan));
  if (known?.xfrm?.underlying === 0 && plan.underlying === undefined) return false;
  using charon = NetlinkSocket.open(place.charonNamespace);
  if (known?.xfrm?.underlying === underlying(charon, plan)) return false;
  // The kernel changes neither if_id nor what is below on a device that exists.
  const inTheWay = known ?? actual.find((link) => link.name === plan.name);
  if (inTheWay !== undefined) socket.execute(deleteLink(inTheWay));
  const target = openNamespace(place.namespace);
  try {
    const made = makeXfrm(charon, plan);
    charon.execute(changeLink(made, { namespaceFd: target }));
  } finally {
    closeSync(target);
  }
  return true;
}

function makeXfrm(charon: NetlinkSocket, plan: XfrmLink): Link {
  try {
    charon.execute(addXfrmLink(plan.name, plan.ifId, plan.mtu, underlying(charon, plan)));
  } catch (error) {
    // One that was made and not moved, since somebody was interrupted.
    const stray = listLinks(charon).find((link) => isPlanned(link, plan));
    if (stray === undefined) throw error;
    return stray;
  }
  const made = findLink(charon, plan.name);
  if (made === undefined) throw new NetlinkError(`find link ${plan.name}`, enodev);
  return made;
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
    // The kernel changes only some of this on a device that exists.
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

function settle(socket: NetlinkSocket, plan: LinkPlan, link: Link): void {
  if (plan.kind === "vxlan" && link.mac !== plan.mac) {
    socket.execute(changeLink(link, { mac: plan.mac }));
  }
  // The plan has every neighbour: none is resolved. This removes all that are entered so far.
  if (plan.kind === "vxlan" && link.arp) socket.execute(changeLink(link, { arp: false }));
  if (link.mtu !== plan.mtu) socket.execute(changeLink(link, { mtu: plan.mtu }));
  if (!link.up) {
    // Once up it would have sent already.
    if (plan.kind === "vxlan") socket.execute(withoutAddress(link));
    socket.execute(changeLink(link, { up: true }));
  }
}

/** A kernel without IPv6 knows nothing of it. */
function withoutAddress(link: Link): Request {
  return { ...changeLink(link, { unaddressed: true }), tolerate: ["EAFNOSUPPORT"] };
}
