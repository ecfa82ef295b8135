import { appendFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ChildProcess } from "node:child_process";
import { sh, start } from "./shell.ts";

/** Captures the IKE messages between the sites, and ICMP messages about them. */
export function captureIke(folder: string): ChildProcess {
  const filter = "udp port 500 or udp port 4500 or icmp or icmp6";
  const args = ["-i", "wire0", "-n", "-U", "-w", join(folder, "ike.pcap"), ...filter.split(" ")];
  return start(join(folder, "tcpdump.log"), "tcpdump", args);
}

/** Commands that print the state of a namespace, without keys. */
const commands = [
  "ip -d -s link",
  "ip addr",
  "ip route",
  "ip -6 route",
  "ip neigh",
  "bridge fdb",
  "ip -s xfrm state list nokeys",
  "ip -s xfrm policy",
];

/** Saves the kernel's state in every namespace after a test failed. */
export function keepKernelState(folder: string, test: string): void {
  const names = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
  const file = join(folder, "kernel.txt");
  for (const name of ["", ...names]) {
    for (const command of commands) {
      appendFileSync(
        file,
        `\n### ${test}: ${name || "node"}: ${command}\n${output(name, command)}`,
      );
    }
  }
}

function output(namespace: string, command: string): string {
  const words = command.split(" ");
  const inside = namespace === "" ? words : ["ip", "netns", "exec", namespace, ...words];
  try {
    return sh(inside[0] as string, ...inside.slice(1));
  } catch (error) {
    return String(error);
  }
}
