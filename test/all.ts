import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { failureMark } from "./failures.ts";

/** Runs every suite; after a failure it starts no further suite. */
const root = join(import.meta.dirname, "..");
const artifacts = join(root, "artifacts");
const node = join(root, "node_modules/.bin/node");
const images = join(artifacts, "images");
const runner = [
  "--test",
  "--test-reporter=spec",
  "--test-reporter-destination=stdout",
  `--test-reporter=${join(import.meta.dirname, "failures.ts")}`,
  "--test-reporter-destination=stdout",
  "--test-concurrency=1",
  // A scenario that hangs fails, and its open handles do not delay the others.
  "--test-timeout=240000",
  `--import=${join(import.meta.dirname, "exit.ts")}`,
];
/** Three times the duration of the longest suite, since the machine may be busy. */
const limitSeconds = "2700";

interface Suite {
  readonly name: string;
  readonly command: readonly string[];
  /** Whether it has no tests to count. */
  readonly testless?: true;
}

interface LabOptions {
  /** The charon under test, if it is not the host's. */
  readonly charon?: "ipman-charon";
  /** Whether the suite runs beside another suite of the lab. */
  readonly beside?: true;
}

const lab = (name: string, pattern: string, { charon, beside }: LabOptions = {}): Suite => ({
  name,
  command: [
    node,
    "lab/run.ts",
    ...(beside === true ? ["--beside"] : []),
    "--limit",
    limitSeconds,
    "--artifacts",
    join(artifacts, name),
    "--",
    "bash",
    "-c",
    `${charon === undefined ? "" : `IPMAN_LAB_CHARON=${charon} `}node ${runner.join(" ")} ${pattern}`,
  ],
});

/**
 * The scenarios that also run with the charon of the default image at the node: those about what
 * differs between its version and the host's, which are loading, rekeys and detection of dead peers.
 */
const scenariosOfImage = ["tunnel", "change", "rekey", "restart"]
  .map((name) => `lab/scenarios/${name}.scenario.ts`)
  .join(" ");

const charon = "ipman-charon";
const beside = true;

/** Suites that run one after the other, the fastest ones first. */
type Lane = readonly Suite[];

/** Ends within a minute, so that a run with a mistake that it finds does not take longer. */
const first: Lane = [
  { name: "check", command: ["npm", "run", "--silent", "check"], testless: true },
];
const besideTheScenarios: Lane = [
  { name: "unit", command: ["npm", "run", "--silent", "test"] },
  {
    name: "browser",
    command: ["bash", "-c", `${node} ${runner.join(" ")} test/browser/*.browser.ts`],
  },
  {
    name: "images",
    command: [
      "bash",
      "-c",
      `images/build.sh ${images}/first && (umask 077; images/build.sh ${images}/second) && ` +
        `IMAGES=${images} ${node} ${runner.join(" ")} test/images/*.image.ts; ` +
        `status=$?; rm -rf ${images}; exit $status`,
    ],
  },
  // In a machine of their own, beside that of the scenarios.
  lab("contracts-image", "lab/contracts/charon/*.scenario.ts", { charon, beside }),
  lab("scenarios-image", scenariosOfImage, { charon, beside }),
  lab("peers", "lab/peers/*.scenario.ts", { beside }),
  {
    name: "compatibility",
    command: [node, "scripts/write-compatibility.ts", "--check"],
    testless: true,
  },
];
/** Their machine uses one processor. */
const scenarios: Lane = [
  lab("contracts", "lab/contracts/*.scenario.ts lab/contracts/charon/*.scenario.ts"),
  lab("scenarios", "lab/scenarios/*.scenario.ts"),
];
const cluster = (name: string, file: string): Suite => ({
  name,
  command: [
    node,
    "lab/cluster/run.ts",
    "--limit",
    limitSeconds,
    "--artifacts",
    join(artifacts, name),
    "--",
    node,
    ...runner,
    `lab/cluster/${file}`,
  ],
});
/** Its machines mostly wait: beside the other lanes it uses half a processor. */
const onTheCluster: Lane = [cluster("cluster", "cluster.scenario.ts")];
/** They measure how long the loss of a node lasts, which a busy machine lengthens. */
const alone: Lane = [cluster("nodes", "nodes.scenario.ts")];

let passed = 0;
let failed = 0;
/** The failures that each suite printed; repeated at the end. */
const reports: string[] = [];

/** Runs a suite, prints its output by lines, and adds what its runner counted. */
async function run({ name, command, testless }: Suite): Promise<void> {
  const say = (line: string) => process.stdout.write(`${name.padEnd(15)} | ${line}\n`);
  const [program = "", ...args] = command;
  const env = { ...process.env, NO_COLOR: "1" };
  const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    say(line);
    lines.push(line);
  }
  const output = lines.join("\n");
  const status = await ended;
  const ok = count(output, "pass");
  const bad = count(output, "fail") + count(output, "cancelled");
  passed += ok;
  failed += bad;
  const counts = testless === true || ok > 0;
  if (status === 0 && bad === 0 && counts) return;
  if (bad === 0) failed += 1;
  say(`failed (status ${String(status)})`);
  reports.push(`${name}:\n${failures(lines).join("\n")}\n`);
}

/** The failures that the suite's runner printed; without one, the last lines. */
function failures(lines: readonly string[]): readonly string[] {
  const marked = lines.filter((line) => line.startsWith(failureMark));
  return marked.length > 0 ? marked : lines.slice(-40);
}

async function runLane(lane: Lane): Promise<void> {
  for (const suite of lane) if (failed === 0) await run(suite);
}

function count(output: string, what: string): number {
  const counts = [...output.matchAll(new RegExp(`^\\S*ℹ ${what} (\\d+)`, "gm"))];
  return counts.reduce((sum, [, number]) => sum + Number(number), 0);
}

rmSync(artifacts, { recursive: true, force: true });
mkdirSync(artifacts, { recursive: true });
await runLane(first);
await Promise.all([besideTheScenarios, scenarios, onTheCluster].map(runLane));
await runLane(alone);
process.stdout.write(reports.map((report) => `\n${report}`).join(""));
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
