import { existsSync } from "node:fs";
import { NetlinkError } from "../linux/errors.ts";
import { createNamespace, deleteNamespace, netnsPath } from "../linux/namespace.ts";
import { changeLink, deleteLink } from "../netlink/link-requests.ts";
import { findLink, listLinks, type Link } from "../netlink/links.ts";
import { NetlinkSocket } from "../netlink/socket.ts";

/**
 * The alias of the loopback device in each namespace that ipman made. It is in the namespace
 * itself, so it outlives ipman and its state folder; `ip -n NAME link show lo` prints it.
 */
export const ownMark = "made by ipman";

/** A namespace that ipman makes under a fixed name. */
export interface OwnNamespace {
  readonly name: string;
  /** Whether ipman makes such a device in it. Versions without the mark are known by them. */
  readonly isOurs: (link: Pick<Link, "name" | "kind" | "xfrm">) => boolean;
  /** How a person who has a namespace of that name makes room. */
  readonly remedy: string;
}

/** A namespace that has the name of one of ipman's, and that ipman did not make. */
export class ForeignNamespaceError extends Error {
  override readonly name = "ForeignNamespaceError";

  constructor({ name, remedy }: OwnNamespace, options?: ErrorOptions) {
    super(
      `${netnsPath(name)} exists and was not made by ipman, which needs this name and changes nothing in it: ${remedy}`,
      options,
    );
  }
}

/**
 * The owner of a namespace with these devices. `shared`: an earlier version put its devices into
 * a namespace that has devices of another owner.
 */
export function ownershipOf(
  links: readonly Pick<Link, "name" | "kind" | "xfrm" | "alias" | "up">[],
  isOurs: OwnNamespace["isOurs"],
): "own" | "shared" | "foreign" {
  if (links.some(isMarked)) return "own";
  if (!links.some(isOurs)) return "foreign";
  // The kernel itself adds devices, such as sit0, which are down.
  const isOther = (link: (typeof links)[number]) => link.up && link.name !== "lo" && !isOurs(link);
  return links.some(isOther) ? "shared" : "own";
}

/**
 * Creates the namespace with its mark, and adopts one of a version that set no mark.
 *
 * @throws {ForeignNamespaceError} if the name is taken
 * @throws {NetlinkError}
 */
export function ensureOwnNamespace(wanted: OwnNamespace): void {
  if (!existsSync(netnsPath(wanted.name))) return createNamespace(wanted.name, markHere);
  using socket = opened(wanted);
  const loopback = findLink(socket, "lo");
  if (loopback !== undefined && isMarked(loopback)) return;
  const ownership = ownershipOf(listLinks(socket), wanted.isOurs);
  if (ownership === "foreign") throw new ForeignNamespaceError(wanted);
  if (ownership === "own") setMark(socket);
}

/**
 * Removes the namespace if ipman made it, and only ipman's devices from a shared one.
 *
 * @returns whether nothing of ipman's is left: false for a namespace that is not ipman's
 * @throws {NetlinkError}
 */
export function removeOwnNamespace(wanted: OwnNamespace): boolean {
  if (!existsSync(netnsPath(wanted.name))) return true;
  const ownership = dismantled(wanted);
  if (ownership === "own") deleteNamespace(wanted.name);
  return ownership !== "foreign";
}

/** Removes ipman's devices from a shared namespace; returns whose the namespace is. */
function dismantled(wanted: OwnNamespace): ReturnType<typeof ownershipOf> {
  try {
    using socket = opened(wanted);
    const links = listLinks(socket);
    const ownership = ownershipOf(links, wanted.isOurs);
    if (ownership === "shared")
      for (const link of links.filter(wanted.isOurs)) socket.execute(deleteLink(link));
    return ownership;
  } catch (error) {
    if (error instanceof ForeignNamespaceError) return "foreign";
    throw error;
  }
}

function opened(wanted: OwnNamespace): NetlinkSocket {
  try {
    return NetlinkSocket.open(netnsPath(wanted.name));
  } catch (error) {
    // The kernel cannot enter a file that does not hold a namespace.
    if (error instanceof NetlinkError && error.code === "EINVAL")
      throw new ForeignNamespaceError(wanted, { cause: error });
    throw error;
  }
}

function isMarked({ name, alias }: Pick<Link, "name" | "alias">): boolean {
  return name === "lo" && alias === ownMark;
}

/** Marks the namespace of this thread. */
function markHere(): void {
  using socket = NetlinkSocket.open(undefined);
  setMark(socket);
}

function setMark(socket: NetlinkSocket): void {
  const loopback = findLink(socket, "lo");
  if (loopback !== undefined) socket.execute(changeLink(loopback, { alias: ownMark }));
}
