import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { formatAddress } from "../../src/model/net/address.ts";
import { vxlanPort, type LabPod } from "./segment.ts";

/** The program that sends the datagrams. */
export const attackProgram = join(import.meta.dirname, "vxlan-attack.ts");

/** Many datagrams, each with another source MAC address in its frame. */
export interface Flood {
  readonly each: Buffer;
  readonly count: number;
}

/** Datagrams of one size that the sender passes to its kernel as one (UDP_SEGMENT). */
export interface Coalesced {
  readonly coalesced: readonly Buffer[];
}

/** A part of an attack: one datagram, a flood, or coalesced datagrams. */
export type Attack = Buffer | Flood | Coalesced;

/** Sends datagrams to a pod's segment from another pod, as a process without any privilege. */
export function attack(from: LabPod, to: LabPod, ...datagrams: readonly Attack[]): void {
  const attacks = attacksOn(formatAddress(to.underlay), datagrams);
  const unprivileged = "--reuid 65534 --regid 65534 --clear-groups --bounding-set -all";
  execFileSync(
    "ip",
    [
      "netns",
      "exec",
      from.name,
      "setpriv",
      ...unprivileged.split(" "),
      "--inh-caps",
      "-all",
      process.execPath,
      attackProgram,
      JSON.stringify(attacks),
    ],
    { stdio: "pipe" },
  );
}

/** The datagrams in the form of the program's argument. */
export function attacksOn(to: string, datagrams: readonly Attack[]): object[] {
  const target = { to, port: vxlanPort };
  return datagrams.map((datagram) => {
    if (Buffer.isBuffer(datagram)) return { ...target, hex: datagram.toString("hex") };
    if ("each" in datagram)
      return { ...target, hex: datagram.each.toString("hex"), flood: true, count: datagram.count };
    const [hex, ...coalesced] = datagram.coalesced.map((each) => each.toString("hex"));
    return { ...target, hex, coalesced };
  });
}
