import { codec } from "./codec.ts";
import { buildGovici } from "./govici.ts";
import { thousand } from "./thousand.ts";
import { isMet, tableOf } from "./row.ts";
import { rowsIn } from "./rows-in.ts";

const say = (text: string) => process.stderr.write(`bench: ${text}\n`);
say("building the other side (Go)");
const govici = buildGovici();
say("the codec");
const rows = [codec(govici)];
say("1,000 connections on a simulated charon");
rows.push(...(await thousand()));
say("a real charon and a real kernel");
rows.push(...rowsIn("lab/run.ts", 600, "bench/lab/main.ts", govici));
say("a cluster");
rows.push(...rowsIn("lab/cluster/run.ts", 1_800, "bench/cluster/main.ts"));
process.stdout.write(`\n${tableOf(rows)}`);
if (!rows.every(isMet)) process.exitCode = 1;
