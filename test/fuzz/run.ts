import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { targets } from "./targets.ts";
import type { RoundRequest, Report } from "./worker.ts";

const help = `Feeds malformed input to every parser of external data, and looks for crashes and hangs.

usage: npm run fuzz -- [options]

  --seconds N  duration for each target (10)
  --seed N     first seed, to reproduce a finding (random)
`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    seed: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

/** The inputs per round, and the time after which a round counts as a hang. */
const runs = 5_000;
const hangMs = 20_000;

/** Runs one round of inputs; returns the finding, if there is one. */
function round(request: RoundRequest): Promise<string | undefined> {
  const worker = new Worker(new URL("worker.ts", import.meta.url), { workerData: request });
  return new Promise((resolve) => {
    const finish = (finding?: string) => {
      clearTimeout(timer);
      void worker.terminate();
      resolve(finding);
    };
    const timer = setTimeout(() => finish(`it did not end within ${hangMs} ms`), hangMs);
    worker.on("error", (error) => finish(String(error)));
    worker.on("message", (report: Report) => {
      if (report.type === "crash") finish(`${report.error}\ninput (base64): ${report.input}`);
      else finish();
    });
  });
}

if (values.help) {
  process.stdout.write(help);
} else {
  let seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  for (const { name } of targets) {
    const end = performance.now() + Number(values.seconds) * 1_000;
    let inputs = 0;
    let finding: string | undefined;
    do {
      finding = await round({ target: name, seed, runs });
      inputs += runs;
      if (finding === undefined) seed++;
    } while (finding === undefined && performance.now() < end);
    process.stdout.write(
      finding === undefined
        ? `${name}: ${inputs} inputs, no crash, no hang\n`
        : `${name}: seed ${seed}: ${finding}\n`,
    );
    if (finding !== undefined) process.exitCode = 1;
  }
}
