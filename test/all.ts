import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Every suite, the quick ones first: the first that fails ends the run. */
const root = join(import.meta.dirname, "..");
const artifacts = join(root, "artifacts");
const node = join(root, "node_modules/.bin/node");
const images = join(artifacts, "images");
const runner = [
  ...["--test", "--test-reporter=spec", "--test-concurrency=1"],
  // A scenario that hangs fails, and what it left open does not hold up the others.
  ...["--test-timeout=120000", "--test-force-exit"],
];

interface Suite {
  readonly name: string;
  readonly command: readonly string[];
}

const lab = (name: string, pattern: string): Suite => ({
  name,
  command: [
    ...[node, "lab/run.ts", "--limit", "1500", "--artifacts", join(artifacts, name)],
    ...["--", "bash", "-c", `node ${runner.join(" ")} ${pattern}`],
  ],
});

const suites: readonly Suite[] = [
  { name: "check", command: ["npm", "run", "--silent", "check"] },
  { name: "unit", command: ["npm", "run", "--silent", "test"] },
  {
    name: "browser",
    command: ["bash", "-c", `${node} ${runner.join(" ")} test/browser/*.browser.ts`],
  },
  {
    name: "images",
    command: [
      ...["bash", "-c"],
      `images/build.sh ${images}/first && (umask 077; images/build.sh ${images}/second) && ` +
        `IMAGES=${images} ${node} ${runner.join(" ")} test/images/*.image.ts; ` +
        `status=$?; rm -rf ${images}; exit $status`,
    ],
  },
  lab("contracts", "lab/contracts/*.scenario.ts"),
  lab("scenarios", "lab/scenarios/*.scenario.ts"),
  {
    name: "cluster",
    command: [
      ...[node, "lab/cluster/run.ts", "--limit", "1500", "--artifacts", join(artifacts, "cluster")],
      ...["--", node, ...runner, "lab/cluster/*.scenario.ts"],
    ],
  },
];

let passed = 0;
let failed = 0;

/** Runs a suite with its output on ours, and adds what its runner counted. */
async function run({ name, command }: Suite): Promise<boolean> {
  process.stdout.write(`\n=== ${name}\n`);
  const [program = "", ...args] = command;
  const env = { ...process.env, NO_COLOR: "1" };
  const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    process.stdout.write(chunk);
    output += chunk;
  });
  const status = await new Promise((resolve) => child.once("close", resolve));
  const ok = count(output, "pass");
  const bad = count(output, "fail") + count(output, "cancelled");
  passed += ok;
  failed += bad;
  const counts = name === "check" || ok > 0;
  if (status === 0 && bad === 0 && counts) return true;
  if (bad === 0) failed += 1;
  process.stdout.write(`=== ${name} failed (status ${String(status)})\n`);
  return false;
}

function count(output: string, what: string): number {
  const counts = [...output.matchAll(new RegExp(`^\\S*ℹ ${what} (\\d+)`, "gm"))];
  return counts.reduce((sum, [, number]) => sum + Number(number), 0);
}

rmSync(artifacts, { recursive: true, force: true });
mkdirSync(artifacts, { recursive: true });
for (const suite of suites) {
  if (!(await run(suite))) break;
}
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
