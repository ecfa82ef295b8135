import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { NetlinkError, systemCall } from "./errors.ts";
import { checked, libc } from "./libc.ts";

const cloneNewnet = 0x40000000;
const msBind = 0x1000;
const msRec = 0x4000;
const msShared = 1 << 20;
const mntDetach = 2;
const enoent = 2;

/** The folder of named namespaces, of `ip netns` and of ipman. */
export const netnsFolder = "/run/netns";

/** The path of a named network namespace. */
export function netnsPath(name: string): string {
  return `${netnsFolder}/${name}`;
}

const heldPrefix = "held network namespace ";
const held = new Map<string, number>();
let heldCount = 0;

/**
 * A network namespace that is held open: it exists until it is disposed of, even after its last
 * process has ended. Its path is valid in this process only, and never refers to another
 * namespace. (The number of a closed descriptor is used again, so `/proc/self/fd/N` could refer to
 * the namespace of another pod, or to the process's own.)
 */
export class HeldNamespace implements Disposable {
  readonly path: string;

  /**
   * @param path of the namespace, such as `/proc/…/ns/net`
   * @throws {NetlinkError}
   */
  constructor(path: string) {
    const fd = openPath(path);
    this.path = `${heldPrefix}${++heldCount}`;
    held.set(this.path, fd);
  }

  [Symbol.dispose](): void {
    const fd = held.get(this.path);
    held.delete(this.path);
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Opens a network namespace; the caller closes the descriptor.
 *
 * @param path undefined for the thread's own
 * @throws {NetlinkError} ENOENT if the namespace does not exist, or is no longer held
 */
export function openNamespace(path = "/proc/thread-self/ns/net"): number {
  const fd = held.get(path);
  if (fd !== undefined) return openPath(`/proc/self/fd/${fd}`);
  if (path.startsWith(heldPrefix)) throw new NetlinkError(`open ${path}`, enoent, "its pod ended");
  return openPath(path);
}

function openPath(path: string): number {
  return systemCall(`open ${path}`, () => openSync(path, "r"));
}

/**
 * Runs `work` with this thread in another network namespace. `work` must be synchronous:
 * code that ran in between would run in that namespace too.
 *
 * @param path of the namespace: `/run/netns/…`, `/proc/…/ns/net`, or of a {@link HeldNamespace};
 * undefined stays in the current one
 * @throws {NetlinkError} if the namespace cannot be entered
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
      returnTo(home);
    }
  } finally {
    closeSync(home);
  }
}

/**
 * Creates a named network namespace as `ip netns add` does: a file that holds it.
 *
 * @param prepare runs in the namespace before it has its name; synchronous
 * @throws {NetlinkError} EEXIST if the name is taken
 */
export function createNamespace(name: string, prepare: () => void = () => {}): void {
  const path = netnsPath(name);
  prepareFolder();
  const home = openNamespace();
  let isCreated = false;
  try {
    systemCall(`create ${path}`, () => closeSync(openSync(path, "ax")));
    isCreated = true;
    checked(`create namespace ${name}`, libc.unshare(cloneNewnet));
    try {
      prepare();
      checked(
        `name namespace ${name}`,
        libc.mount("/proc/thread-self/ns/net", path, "none", msBind, null),
      );
    } finally {
      returnTo(home);
    }
  } catch (error) {
    if (isCreated) rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(home);
  }
}

/**
 * Removes a named network namespace; one that does not exist is not an error.
 *
 * @throws {NetlinkError}
 */
export function deleteNamespace(name: string): void {
  const path = netnsPath(name);
  libc.umount2(path, mntDetach);
  systemCall(`remove ${path}`, () => rmSync(path, { force: true }));
}

function prepareFolder(): void {
  systemCall(`create ${netnsFolder}`, () => mkdirSync(netnsFolder, { recursive: true }));
  // Shared with itself, so that mounts made here are visible in other mount namespaces.
  if (libc.mount("", netnsFolder, "none", msShared | msRec, null) === 0) return;
  checked("bind /run/netns", libc.mount(netnsFolder, netnsFolder, "none", msBind | msRec, null));
  checked("share /run/netns", libc.mount("", netnsFolder, "none", msShared | msRec, null));
}

function returnTo(home: number): void {
  if (libc.setns(home, cloneNewnet) === 0) return;
  // Every later call of this thread would be made in the wrong namespace.
  process.abort();
}
