import { parentPort, workerData } from "node:worker_threads";
import { mutated, Random } from "./mutate.ts";
import { targets } from "./targets.ts";

/** A round of inputs for one target. */
export interface RoundRequest {
  readonly target: string;
  readonly seed: number;
  readonly runs: number;
}

export type Report =
  | { readonly type: "progress"; readonly runs: number }
  | { readonly type: "crash"; readonly input: string; readonly error: string };

const { target: name, seed, runs } = workerData as RoundRequest;
const target = targets.find((one) => one.name === name);
if (target === undefined) throw new Error(`there is no target ${name}`);
const random = new Random(seed);
const report = (message: Report) => parentPort?.postMessage(message);

for (let run = 0; run < runs; run++) {
  const bytes = mutated(target.seeds, random);
  try {
    target.run(Buffer.from(bytes));
  } catch (error) {
    report({
      type: "crash",
      input: bytes.toString("base64"),
      error: String((error as Error).stack),
    });
    break;
  }
}
report({ type: "progress", runs });
