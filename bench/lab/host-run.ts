import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ikeSasIn } from "../../src/adapters/vici/list-sas.ts";
import { startHost, type Host } from "../../src/main/daemons/host.ts";
import type { Charon } from "../../lab/sites/charon.ts";
import { psk, secret, yaml, type connectionSpec } from "../../lab/sites/manifests.ts";
import { eventually } from "../../lab/sites/shell.ts";
import { quantile } from "../row.ts";
import type { Swanctl } from "./swanctl.ts";

/** A folder with the manifest of a connection and its Secret. */
export function manifestFolder(within: string, cr: ReturnType<typeof connectionSpec>): string {
  const folder = mkdtempSync(join(within, "bench-"));
  const { name } = cr.metadata;
  writeFileSync(join(folder, "secret.yaml"), yaml(secret({ [name]: psk })));
  writeFileSync(join(folder, `${name}.yaml`), yaml(cr));
  return folder;
}

/** Starts `ipman run` in this process. */
export function runHost({ vici }: Charon, folder: string): Promise<Host> {
  return startHost({
    folder,
    vici,
    stateFolder: "/run/ipman",
    metrics: "off",
    inspect: "off",
    fabric: "198.18.0.0/16",
    vxlanPort: 7_789,
    log: { level: "silent", format: "json" },
  });
}

/** A tunnel that both ipman and an administrator bring up. */
export interface SameTunnel {
  readonly node: Charon;
  readonly byHand: Swanctl;
  /** The folder with ipman's manifests. */
  readonly manifests: string;
  readonly name: string;
  /** The number of its CHILD SAs. */
  readonly wanted: number;
}

/** The medians of the times until a tunnel is up, in milliseconds; each round times both. */
export async function timesSideBySide(
  { node, byHand, manifests, name, wanted }: SameTunnel,
  rounds: number,
) {
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const handed = performance.now();
    byHand.up();
    theirs.push(performance.now() - handed);
    byHand.down();
    const started = performance.now();
    const host = await runHost(node, manifests);
    await untilUp(node, name, wanted);
    ours.push(performance.now() - started);
    await host.stop("teardown", true);
  }
  return { ours: quantile(ours, 0.5), theirs: quantile(theirs, 0.5) };
}

/** Waits until a connection has a number of CHILD SAs in charon. */
async function untilUp(node: Charon, name: string, wanted: number): Promise<void> {
  const session = await node.session();
  const look = async () => {
    const listed = await Array.fromAsync(session.stream("list-sas", { ike: name }));
    const children = listed.flatMap((message) => ikeSasIn(message)).flatMap((sa) => sa.children);
    const up = children.filter(({ state }) => state === "INSTALLED").length;
    if (up < wanted) throw new Error(`${up} of ${wanted} CHILD SAs of ${name} are up`);
  };
  try {
    await eventually(look, 60_000, 5);
  } finally {
    session.close();
  }
}
