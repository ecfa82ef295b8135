#!/usr/bin/env node
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { exitOf } from "../machines/exit.ts";
import { sh } from "../sites/shell.ts";

const help = `Runs a command in its own network namespace, with the binaries and images of a cluster.

usage: node lab/cluster/run.ts [options] -- COMMAND [ARGUMENT…]

  --artifacts DIR    a folder that the command may write to ($ARTIFACTS)
  --limit SECONDS    stop everything after this time (1800)

The command finds the binaries in $CLUSTER_BINARIES and the images in $CLUSTER_IMAGES. All
processes that it started end with it.
`;

/** Runs a script of this repository, which prints the path of its result. */
function made(script: string, ...args: string[]): string {
  const { status, stdout } = spawnSync(join(import.meta.dirname, script), args, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`${script} failed`);
  return stdout.toString().trim();
}

const prefix = "ipman-cluster-";

/** Creates a network namespace named after this process, and removes those of dead processes. */
function makeNamespace(): string {
  const names = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
  for (const name of names.filter((known) => known.startsWith(prefix))) {
    if (!existsSync(`/proc/${name.slice(prefix.length)}`)) sh("ip", "netns", "del", name);
  }
  const name = `${prefix}${process.pid}`;
  sh("ip", "netns", "add", name);
  return name;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    artifacts: { type: "string" },
    limit: { type: "string", default: "1800" },
    help: { type: "boolean", default: false },
  },
});

if (values.help || positionals.length === 0) {
  process.stdout.write(help);
} else {
  const artifacts = resolve(values.artifacts ?? mkdtempSync(join(tmpdir(), "ipman-cluster-")));
  mkdirSync(artifacts, { recursive: true });
  const binaries = made("build.sh");
  // Each run has a separate folder, since machines never read a known file again.
  const images = mkdtempSync(join(artifacts, "images-"));
  made("../../images/build.sh", images);
  made("image.sh", images);
  const netns = makeNamespace();
  const alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const inside = ["ip", "netns", "exec", netns, ...alone, ...positionals];
  const child = spawn("timeout", ["--kill-after=30", values.limit, ...inside], {
    stdio: "inherit",
    env: {
      ...process.env,
      ARTIFACTS: artifacts,
      CLUSTER_BINARIES: binaries,
      CLUSTER_IMAGES: images,
      CLUSTER_NETNS: netns,
    },
  });
  // The namespace is removed after the processes in it have ended.
  process.exitCode = await exitOf(child);
  sh("ip", "netns", "del", netns);
  rmSync(images, { recursive: true });
}
