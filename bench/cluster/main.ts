import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { LabCluster } from "../../lab/cluster/cluster.ts";
import { tableOf, type Row } from "../row.ts";
import { admissionRows } from "./admission.ts";
import { firstPing } from "./first-ping.ts";
import { hundredRows } from "./hundred.ts";
import { gatewayLossRows, nodeLossRows } from "./losses.ts";
import { repairs } from "./repairs.ts";
import { scaleRows } from "./scale.ts";
import { twoPathRows } from "./two-paths.ts";

/** The measurements in a cluster: two nodes in User-Mode Linux, and a control plane beside them. */
const parts: readonly [title: string, measure: (cluster: LabCluster) => Promise<Row[]>][] = [
  ["a connection and a workload, from nothing", firstPing],
  ["what is deleted comes back", repairs],
  ["admission of pods", admissionRows],
  ["losses of a gateway", gatewayLossRows],
  ["losses of a node", nodeLossRows],
  ["100 connections on one node", hundredRows],
  ["two paths at rest", twoPathRows],
  ["1,000 connections and 5,000 pods", scaleRows],
];

/** The title of the only part to measure, if the command names one; most parts need those before them. */
const [, , only] = process.argv;
const chosen = only === undefined ? parts : parts.filter(([title]) => title === only);
if (chosen.length === 0)
  throw new Error(
    `"${only}" is not a part; use ${parts.map(([title]) => `"${title}"`).join(", ")}`,
  );

const say = (text: string) => process.stderr.write(`bench: ${text}\n`);
const rows: Row[] = [];
await using cluster = await LabCluster.start(say);
// The shipped default: the lab's scenarios use a shorter time.
cluster.install("--wait", "--timeout", "90s", "--set", "controller.reservationSeconds=75");
for (const [title, measure] of chosen) {
  say(title);
  const measured = await measure(cluster);
  process.stderr.write(tableOf(measured));
  rows.push(...measured);
}
writeFileSync(join(process.env["ARTIFACTS"] ?? "/tmp", "rows.json"), JSON.stringify(rows));
