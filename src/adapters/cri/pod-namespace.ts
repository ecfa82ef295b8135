import { readdirSync, readFileSync, statSync } from "node:fs";
import type { Address } from "../../model/net/address.ts";
import { HeldNamespace } from "../linux/namespace.ts";
import { hasAddress } from "../netlink/addresses.ts";
import type { ContainerRuntime } from "./sandbox.ts";

/** The search for the namespace of a pod. */
export interface PodSearch {
  readonly runtime: Pick<ContainerRuntime, "sandboxPid"> | undefined;
  readonly uid: string;
  /** The namespace must have one of these. */
  readonly addresses: readonly Address[];
  /** Receives why the container runtime does not answer; the search continues without it. */
  readonly onRuntimeTrouble: (error: unknown) => void;
}

/** Holds the network namespace of a process open, if it has one of the pod's addresses. */
function hold(pid: number, addresses: readonly Address[]): HeldNamespace | undefined {
  let namespace: HeldNamespace;
  try {
    namespace = new HeldNamespace(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
  let isOfPod = false;
  try {
    isOfPod = addresses.some((address) => hasAddress(namespace.path, address));
  } finally {
    if (!isOfPod) namespace[Symbol.dispose]();
  }
  return isOfPod ? namespace : undefined;
}

/**
 * Finds the network namespace of a pod on this node: by the container runtime, or else by the
 * cgroups of the processes.
 */
export async function findPodNamespace(search: PodSearch): Promise<HeldNamespace | undefined> {
  const { runtime, uid, addresses, onRuntimeTrouble } = search;
  const pid = await runtime?.sandboxPid(uid).catch(onRuntimeTrouble);
  const found = typeof pid !== "number" ? undefined : hold(pid, addresses);
  return found ?? searchProcesses(uid, addresses);
}

/** Names of cgroups contain the uid with dashes or with underscores. */
function searchProcesses(uid: string, addresses: readonly Address[]): HeldNamespace | undefined {
  const names = [uid, uid.replaceAll("-", "_")];
  const host = inodeOf("/proc/1/ns/net");
  const seen = new Set<number>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const inode = inodeOf(`/proc/${entry}/ns/net`);
    if (inode === 0 || inode === host || seen.has(inode)) continue;
    if (!names.some((name) => cgroupOf(entry).includes(name))) continue;
    seen.add(inode);
    const found = hold(Number(entry), addresses);
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
