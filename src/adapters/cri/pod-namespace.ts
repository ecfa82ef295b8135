import { readdirSync, readFileSync, statSync } from "node:fs";
import { listAddresses } from "../netlink/addresses.ts";
import { HeldNamespace } from "../linux/namespace.ts";
import { NetlinkSocket } from "../netlink/socket.ts";
import { sameAddress, type Address } from "../../model/net/address.ts";
import type { ContainerRuntime } from "./sandbox.ts";

/** The network namespace of that process, held open, if one of the pod's addresses is in it. */
function hold(pid: number, addresses: readonly Address[]): HeldNamespace | undefined {
  let namespace: HeldNamespace;
  try {
    namespace = new HeldNamespace(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
  let isOfPod = false;
  try {
    isOfPod = holds(namespace.path, addresses);
  } finally {
    if (!isOfPod) namespace[Symbol.dispose]();
  }
  return isOfPod ? namespace : undefined;
}

function holds(namespace: string, addresses: readonly Address[]): boolean {
  using socket = NetlinkSocket.open(namespace);
  return listAddresses(socket).some(({ prefix }) =>
    addresses.some((address) => sameAddress(prefix.address, address)),
  );
}

/**
 * The network namespace of a pod on this node: asked of the container runtime, then looked
 * for among the processes by their cgroups. Only one that has an address of the pod counts.
 */
export async function findPodNamespace(
  runtime: ContainerRuntime | undefined,
  uid: string,
  addresses: readonly Address[],
): Promise<HeldNamespace | undefined> {
  const pid = await runtime?.sandboxPid(uid).catch(() => undefined);
  const found = pid === undefined ? undefined : hold(pid, addresses);
  return found ?? searchProcesses(uid, addresses);
}

/** cgroup names write a uid with dashes or with underscores. */
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
