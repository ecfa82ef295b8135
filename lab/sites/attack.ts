import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { formatAddress } from "../../src/model/address.ts";
import { vxlanPort, type LabPod } from "./segment.ts";

/** What sends them. */
export const attackProgram = join(import.meta.dirname, "vxlan-attack.ts");

/** Many datagrams, each with another source MAC address in its frame. */
export interface Flood {
  readonly each: Buffer;
  readonly count: number;
}

/** Sends datagrams to a pod's segment from another pod, as a process without any privilege. */
export function attack(from: LabPod, to: LabPod, ...datagrams: readonly (Buffer | Flood)[]): void {
  const attacks = attacksOn(formatAddress(to.underlay), datagrams);
  const unprivileged = "--reuid 65534 --regid 65534 --clear-groups --bounding-set -all";
  execFileSync(
    "ip",
    [
      ...["netns", "exec", from.name, "setpriv", ...unprivileged.split(" ")],
      ...["--inh-caps", "-all", process.execPath, attackProgram, JSON.stringify(attacks)],
    ],
    { stdio: "pipe" },
  );
}

/** The datagrams as the program takes them. */
export function attacksOn(to: string, datagrams: readonly (Buffer | Flood)[]): object[] {
  const target = { to, port: vxlanPort };
  return datagrams.map((datagram) =>
    Buffer.isBuffer(datagram)
      ? { ...target, hex: datagram.toString("hex") }
      : { ...target, hex: datagram.each.toString("hex"), flood: true, count: datagram.count },
  );
}
