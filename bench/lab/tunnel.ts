import { join } from "node:path";
import { mkdtempSync, writeFileSync } from "node:fs";
import { startHost, type Host } from "../../src/main/daemons/host.ts";
import { command as attachCommand } from "../../src/main/commands/attach.ts";
import { parseCommand } from "../../src/main/program/run-program.ts";
import { connectionSpec, psk, secret, yaml } from "../../lab/sites/manifests.ts";
import { eventually, inNetns, ip, sh } from "../../lab/sites/shell.ts";
import { transfer } from "../../lab/sites/transfer.ts";
import type { TwoSites } from "../../lab/sites/two-sites.ts";
import { fastest, highest, type Row } from "../row.ts";
import { ByHand } from "./by-hand.ts";

const rounds = 7;
const size = "48M";
const bin = join(import.meta.dirname, "../../bin/ipman");

/** The times to establish, join and use the tunnel, beside those of a manual setup. */
export async function tunnelRows(lab: TwoSites): Promise<Row[]> {
  const byHand = new ByHand(lab.folder, lab.node.vici);
  const manifests = mkdtempSync(join(lab.folder, "bench-"));
  writeFileSync(join(manifests, "secret.yaml"), yaml(secret({ good: psk })));
  writeFileSync(join(manifests, "good.yaml"), yaml(connectionSpec("good")));
  const ours = measurements();
  const theirs = measurements();
  for (let round = 0; round < rounds; round++) {
    await roundByHand(byHand, theirs);
    await roundOfIpman(lab, manifests, ours);
  }
  const row = (measured: keyof Measurements, best: (values: readonly number[]) => number) => ({
    ours: best(ours[measured]),
    theirs: best(theirs[measured]),
  });
  return [
    {
      what: "start of `ipman run` to the first ping through the tunnel, process start apart",
      against: "a script of swanctl, ip, bridge and nft",
      unit: "ms",
      ...row("start", fastest),
      goal: { atMost: 1.3 },
    },
    {
      what: "`ipman attach`, whole process",
      against: "the same by ip and bridge in a shell script",
      unit: "ms",
      ...row("attach", fastest),
      goal: { atMost: 1.5 },
    },
    {
      what: "throughput from a worker to the peer",
      against: "the same devices made by hand",
      unit: "Mbit/s",
      ...row("throughput", highest),
      goal: { atLeast: 0.98 },
      larger: true,
    },
  ];
}

interface Measurements {
  readonly start: number[];
  readonly attach: number[];
  readonly throughput: number[];
}

const measurements = (): Measurements => ({ start: [], attach: [], throughput: [] });

async function roundByHand(byHand: ByHand, into: Measurements): Promise<void> {
  ip("netns add app");
  const started = performance.now();
  byHand.up();
  const attaching = performance.now();
  byHand.attach();
  into.attach.push(performance.now() - attaching);
  await firstPing();
  into.start.push(performance.now() - started);
  into.throughput.push(await throughput());
  byHand.down();
}

async function roundOfIpman(lab: TwoSites, manifests: string, into: Measurements): Promise<void> {
  ip("netns add app");
  const where = ["--netns", "app", "--connection", "good", "--child", "child-2"];
  const started = performance.now();
  const host = await runHost(lab, manifests);
  await attachInProcess();
  await firstPing();
  into.start.push(performance.now() - started);
  into.throughput.push(await throughput());
  // The whole process, on a separate worker.
  ip("netns del app");
  ip("netns add app");
  await host.stop("restarted outside of this process", false);
  await lab.ipman.start();
  await lab.ipman.ready("good");
  const attaching = performance.now();
  sh(bin, "attach", ...where);
  into.attach.push(performance.now() - attaching);
  await lab.ipman.stop();
  const last = await runHost(lab, manifests);
  await last.stop("teardown", true);
  ip("netns del app");
}

function runHost(lab: TwoSites, folder: string): Promise<Host> {
  return startHost({
    folder,
    vici: lab.node.vici,
    stateFolder: "/run/ipman",
    metrics: "off",
    inspect: "off",
    fabric: "198.18.0.0/16",
    vxlanPort: 7_789,
    log: { level: "silent", format: "json" },
  });
}

async function attachInProcess(): Promise<void> {
  const args = ["--netns=app", "--connection=good", "--child=child-2"];
  await attachCommand.run(parseCommand(attachCommand, args), {});
}

async function firstPing(): Promise<void> {
  await eventually(() => inNetns("app", "ping -n -q -c 1 -W 0.05 10.1.2.1"), 10_000, 1);
}

/** In Mbit/s. */
async function throughput(): Promise<number> {
  const { bits_per_second: rate } = await transfer("peer", "app", "10.1.2.1", size);
  return rate / 1e6;
}
