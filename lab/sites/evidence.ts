import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ChildProcess } from "node:child_process";
import type { TestContext } from "node:test";
import { sh, start } from "./shell.ts";

/** The folders of the sites that are up; the kernel's state is saved there when a test fails. */
const open = new Set<string>();

// The demo has no tests, and node:test would report on them.
if (process.env["NODE_TEST_CONTEXT"] !== undefined) {
  const { afterEach } = await import("node:test");
  afterEach((test) => {
    // Node has `passed` since version 24; its types do not.
    const { name, passed } = test as TestContext & { readonly passed: boolean };
    if (!passed) for (const folder of open) keepKernelState(folder, name);
  });
}

/** Creates a folder for two sites, where their logs stay. */
export function sitesFolder(): string {
  const parent = process.env["ARTIFACTS"] ?? "/tmp";
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, "sites-"));
}

/** Keeps the evidence of two sites in a folder: the IKE messages, and the kernel's state at a failure. */
export class Evidence implements Disposable {
  readonly #folder: string;
  readonly #capture: ChildProcess;

  constructor(folder: string) {
    this.#folder = folder;
    this.#capture = captureIke(folder);
    open.add(folder);
  }

  [Symbol.dispose](): void {
    open.delete(this.#folder);
    this.#capture.kill();
  }
}

/** Captures the IKE messages between the sites, and ICMP messages about them. */
function captureIke(folder: string): ChildProcess {
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
function keepKernelState(folder: string, test: string): void {
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
