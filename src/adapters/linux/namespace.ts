import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { NetlinkError } from "./errors.ts";
import { checked, libc } from "./libc.ts";

const cloneNewnet = 0x40000000;
const msBind = 0x1000;
const msRec = 0x4000;
const msShared = 1 << 20;
const mntDetach = 2;
const enoent = 2;

/** Where `ip netns` keeps its names, and we ours. */
export const netnsFolder = "/run/netns";

/** The path of a named network namespace. */
export function netnsPath(name: string): string {
  return `${netnsFolder}/${name}`;
}

const heldPrefix = "held network namespace ";
const held = new Map<string, number>();
let heldBefore = 0;

/**
 * A network namespace that is held open: it exists until it is disposed of, also after its last
 * process has ended. Its path is good in this process, and never leads to another namespace. (The
 * number of a descriptor that was closed is used again, so that `/proc/self/fd/N` would lead a
 * late pass to a namespace of another pod, or to the process's own.)
 */
export class HeldNamespace implements Disposable {
  readonly path: string;

  /** @param path of the namespace, such as `/proc/…/ns/net` */
  constructor(path: string) {
    const fd = openSync(path, "r");
    this.path = `${heldPrefix}${++heldBefore}`;
    held.set(this.path, fd);
  }

  [Symbol.dispose](): void {
    const fd = held.get(this.path);
    held.delete(this.path);
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * A descriptor of a network namespace, which the caller closes.
 *
 * @param path undefined for the thread's own
 * @throws {NetlinkError} ENOENT where the namespace was held and is not held any more
 */
export function openNamespace(path = "/proc/thread-self/ns/net"): number {
  const fd = held.get(path);
  if (fd !== undefined) return openSync(`/proc/self/fd/${fd}`, "r");
  if (path.startsWith(heldPrefix)) throw new NetlinkError(`open ${path}`, enoent, "its pod ended");
  return openSync(path, "r");
}

/**
 * Runs `work` with this thread in another network namespace. `work` must be synchronous:
 * whatever ran in between would be in that namespace too.
 *
 * @param path of the namespace: `/run/netns/…`, `/proc/…/ns/net`, or of a {@link HeldNamespace};
 * undefined stays here
 */
export function inNamespace<T>(path: string | undefined, work: () => T): T {
  if (path === undefined) return work();
  const home = openNamespace();
  try {
    const target = openNamespace(path);
    try {
      checked(`enter ${path}`, libc.setns(target, cloneNewnet));
    } finally {
      closeSync(target);
    }
    try {
      return work();
    } finally {
      goHome(home);
    }
  } finally {
    closeSync(home);
  }
}

/** Makes a named network namespace as `ip netns add` does: a file that holds it. */
export function createNamespace(name: string): void {
  const path = netnsPath(name);
  prepareFolder();
  const home = openNamespace();
  let isMade = false;
  try {
    closeSync(openSync(path, "ax"));
    isMade = true;
    checked(`make namespace ${name}`, libc.unshare(cloneNewnet));
    try {
      checked(
        `name namespace ${name}`,
        libc.mount("/proc/thread-self/ns/net", path, "none", msBind, null),
      );
    } finally {
      goHome(home);
    }
  } catch (error) {
    if (isMade) rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(home);
  }
}

/** Removes a named namespace; one that is not there is none to remove. */
export function deleteNamespace(name: string): void {
  const path = netnsPath(name);
  libc.umount2(path, mntDetach);
  rmSync(path, { force: true });
}

function prepareFolder(): void {
  mkdirSync(netnsFolder, { recursive: true });
  // Shared with itself, so that mounts made here are seen in other mount namespaces.
  if (libc.mount("", netnsFolder, "none", msShared | msRec, null) === 0) return;
  checked("bind /run/netns", libc.mount(netnsFolder, netnsFolder, "none", msBind | msRec, null));
  checked("share /run/netns", libc.mount("", netnsFolder, "none", msShared | msRec, null));
}

function goHome(home: number): void {
  if (libc.setns(home, cloneNewnet) === 0) return;
  // Nothing this thread does from here on would happen where it should.
  process.abort();
}
