import { existsSync, readdirSync, rmSync } from "node:fs";
import { sites } from "./manifests.ts";
import { inNetns, ip, sh } from "./shell.ts";

/** Connects the node, which is the machine's own namespace, with the peer's. */
export function cable(): void {
  ip("netns add peer");
  // The device keeps its second address when it loses the first one.
  const promote = ["sysctl", "-qw", "net.ipv4.conf.default.promote_secondaries=1"] as const;
  sh(...promote);
  inNetns("peer", promote.join(" "));
  ip("link add wire0 type veth peer name wire0 netns peer");
  ip(`addr add ${sites.node.v4}/24 dev wire0`);
  ip(`addr add ${sites.node.v6}/64 dev wire0 nodad`);
  ip("link set wire0 up");
  ip(`-n peer addr add ${sites.peer.v4}/24 dev wire0`);
  ip(`-n peer addr add ${sites.peer.other}/24 dev wire0`);
  ip(`-n peer addr add ${sites.peer.v6}/64 dev wire0 nodad`);
  ip("-n peer link set wire0 up");
  ip("-n peer link set lo up");
  // The addresses behind the peer are on its loopback device.
  for (const n of [2, 3, 4, 5]) ip(`-n peer addr add 10.1.${n}.1/24 dev lo`);
  ip("-n peer addr add fd00:a1::1/64 dev lo nodad");
  // The route back into the tunnels; the ESP policies apply to it.
  ip("-n peer route add 10.0.0.0/16 dev wire0");
  ip("-n peer route add fd00:a0::/32 dev wire0");
}

/** Removes everything that remains from an earlier scenario. */
export function clear(): void {
  const names = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
  for (const name of names) ip(`netns del ${name}`);
  ip("xfrm state flush");
  ip("xfrm policy flush");
  try {
    ip("link del wire0");
  } catch {
    // The device did not exist.
  }
  rmSync("/run/ipman", { recursive: true, force: true });
}

/**
 * Removes the SAs and policies of a namespace: the kernel keeps those of a killed daemon, and a
 * machine that boots has none.
 */
export function flushXfrm(netns: string): void {
  for (const what of ["state", "policy"]) ip(`-n ${netns} xfrm ${what} flush`);
}
