import { parentPort, workerData } from "node:worker_threads";
import { mutated, Random } from "./mutate.ts";
import { targets } from "./targets.ts";

/** What the worker is to do, and what it tells. */
export interface Order {
  readonly target: string;
  readonly seed: number;
  readonly runs: number;
}

export type Report =
  | { readonly type: "progress"; readonly runs: number }
  | { readonly type: "crash"; readonly input: string; readonly error: string };

const { target: name, seed, runs } = workerData as Order;
const target = targets.find((one) => one.name === name);
if (target === undefined) throw new Error(`no target ${name}`);
const random = new Random(seed);
const tell = (report: Report) => parentPort?.postMessage(report);

for (let run = 0; run < runs; run++) {
  const bytes = mutated(target.seeds, random);
  try {
    target.run(Buffer.from(bytes));
  } catch (error) {
    tell({ type: "crash", input: bytes.toString("base64"), error: String((error as Error).stack) });
    break;
  }
}
tell({ type: "progress", runs });
