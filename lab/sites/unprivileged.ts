import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { formatAddress } from "../../src/model/address.ts";
import { vxlanPort, type LabPod } from "./segment.ts";

const attacker = join(import.meta.dirname, "vxlan-attack.ts");
/** Datagrams in a flood. */
export const flood = 100_000;

/** What an unprivileged process in a pod sends. */
export function attack(from: LabPod, to: LabPod, ...datagrams: readonly Attack[]): void {
  const attacks = datagrams.map((datagram) => {
    if (Buffer.isBuffer(datagram)) return { hex: datagram.toString("hex") };
    if ("flood" in datagram)
      return { hex: datagram.flood.toString("hex"), flood: true, count: flood };
    const [hex, ...coalesced] = datagram.coalesced.map((each) => each.toString("hex"));
    return { hex, coalesced };
  });
  const target = { to: formatAddress(to.underlay), port: vxlanPort };
  const unprivileged = "setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all";
  execFileSync(
    "ip",
    [
      ...["netns", "exec", from.name, ...unprivileged.split(" "), "--inh-caps", "-all"],
      ...[process.execPath, attacker],
    ],
    { input: JSON.stringify(attacks.map((each) => ({ ...target, ...each }))), stdio: "pipe" },
  );
}

type Attack = Buffer | { readonly flood: Buffer } | { readonly coalesced: readonly Buffer[] };
