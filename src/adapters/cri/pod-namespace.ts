import { openSync, closeSync, readdirSync, readFileSync, statSync } from "node:fs";
import { listAddresses } from "../netlink/addresses.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { sameAddress, type Address } from "../../model/address.ts";
import type { ContainerRuntime } from "./sandbox.ts";

/** A pod's network namespace, held open: it stays this one whatever becomes of the pod. */
export class PodNamespace implements Disposable {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** As a path, good in this process until it is disposed of. */
  get path(): string {
    return `/proc/self/fd/${this.#fd}`;
  }

  /** Opens the namespace of that process if one of the pod's addresses is in it. */
  static open(pid: number, addresses: readonly Address[]): PodNamespace | undefined {
    let namespace: PodNamespace;
    try {
      namespace = new PodNamespace(openSync(`/proc/${pid}/ns/net`, "r"));
    } catch {
      return undefined;
    }
    let holds = false;
    try {
      holds = namespace.#holds(addresses);
    } finally {
      if (!holds) namespace[Symbol.dispose]();
    }
    return holds ? namespace : undefined;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #holds(addresses: readonly Address[]): boolean {
    using socket = NetlinkSocket.open(this.path);
    return listAddresses(socket).some(({ prefix }) =>
      addresses.some((address) => sameAddress(prefix.address, address)),
    );
  }
}

/**
 * The network namespace of a pod on this node: asked of the container runtime, then looked
 * for among the processes by their cgroups. Only one that has an address of the pod counts.
 */
export async function findPodNamespace(
  runtime: ContainerRuntime | undefined,
  uid: string,
  addresses: readonly Address[],
): Promise<PodNamespace | undefined> {
  const pid = await runtime?.sandboxPid(uid).catch(() => undefined);
  const found = pid === undefined ? undefined : PodNamespace.open(pid, addresses);
  return found ?? searchProcesses(uid, addresses);
}

/** cgroup names write a uid with dashes or with underscores. */
function searchProcesses(uid: string, addresses: readonly Address[]): PodNamespace | undefined {
  const names = [uid, uid.replaceAll("-", "_")];
  const host = inodeOf("/proc/1/ns/net");
  const seen = new Set<number>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const inode = inodeOf(`/proc/${entry}/ns/net`);
    if (inode === 0 || inode === host || seen.has(inode)) continue;
    if (!names.some((name) => cgroupOf(entry).includes(name))) continue;
    seen.add(inode);
    const found = PodNamespace.open(Number(entry), addresses);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inodeOf(path: string): number {
  try {
    return statSync(path).ino;
  } catch {
    return 0;
  }
}

function cgroupOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8");
  } catch {
    return "";
  }
}
