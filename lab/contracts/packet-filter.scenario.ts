import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { netnsPath } from "../../src/adapters/linux/namespace.ts";
import { libnftables } from "../../src/adapters/nftables/libnftables.ts";
import { missingRequirement } from "../../src/adapters/nftables/requirements.ts";
import { LabSegment, type LabPod, type LabWorker } from "../sites/segment.ts";
import { inNetns, ip } from "../sites/shell.ts";

const root = join(import.meta.dirname, "../..");

/** Arguments of `unshare` that run a program without libnftables. */
function withoutLibrary(...program: readonly string[]): string[] {
  const hide =
    'for lib in $(ldconfig -p | sed -n "s/.*libnftables.so.1.*=> //p"); do mount --bind /dev/null $lib; done';
  return ["--mount", "sh", "-ec", `${hide}; exec "$@"`, "sh", ...program];
}

describe("a packet filter", () => {
  let segment: LabSegment;
  let gateway: LabPod;
  let worker: LabWorker;

  before(() => {
    segment = new LabSegment(4);
    gateway = segment.pod("gw", 1);
    worker = segment.attach(segment.pod("one", 2), "10.0.2.3", gateway);
    segment.serve(gateway);
  });
  after(() => segment[Symbol.dispose]());

  /** Runs a pass over the gateway in a process without libnftables, and returns its failure. */
  const passWithout = (): { readonly reason: string; readonly message: string } => {
    const module = join(root, "src/adapters/network/apply-plan.ts");
    const refusal = join(root, "src/runtime/ports/refusal.ts");
    const program = `
      const { applyPlan } = await import(${JSON.stringify(module)});
      const { refusing } = await import(${JSON.stringify(refusal)});
      const revive = (_, value) => (value?.bigint === undefined ? value : BigInt(value.bigint));
      const plan = JSON.parse(process.env.PLAN, revive);
      const said = await refusing(() => applyPlan({ namespace: process.env.NETNS }, plan)).catch(
        ({ failure }) => failure,
      );
      process.stdout.write(JSON.stringify(said));`;
    const PLAN = JSON.stringify(segment.gatewayPlan(gateway), (_, value: unknown) =>
      typeof value === "bigint" ? { bigint: String(value) } : value,
    );
    const env = { ...process.env, PLAN, NETNS: netnsPath(gateway.name) };
    const node = [process.execPath, "--input-type=module", "-e", program];
    return JSON.parse(execFileSync("unshare", withoutLibrary(...node), { env, encoding: "utf8" }));
  };
  const isUp = (device: string) => /[<,]UP[,>]/.test(ip(`-n ${gateway.name} link show ${device}`));

  it("has all its requirements on this kernel, and the check changes nothing", () => {
    const netns = netnsPath(gateway.name);
    const before = inNetns(gateway.name, "nft list ruleset");
    assert.equal(missingRequirement(netns), undefined);
    assert.equal(inNetns(gateway.name, "nft list ruleset"), before);
  });

  it("is checked by the kernel itself", () => {
    const netns = netnsPath(gateway.name);
    assert.doesNotThrow(() => libnftables.check("check", netns, "create table inet fresh"));
    assert.throws(
      () => libnftables.check("check", netns, "create table inet ipman"),
      /File exists/,
    );
  });

  it("stays unchanged, and the gateway stays up, if a change fails without libnftables", () => {
    inNetns(gateway.name, "nft flush map inet ipman workers");
    const { reason, message } = passWithout();
    assert.equal(reason, "PacketFilterUnavailable");
    assert.match(message, /load libnftables\.so\.1: .*install the package libnftables1/);
    assert.ok(isUp(segment.device));
    assert.notEqual(segment.serve(gateway), 0);
    assert.equal(segment.reaches(worker), 2);
  });

  it("closes the gateway while no filter exists or can be set, and opens it afterwards", () => {
    inNetns(gateway.name, "nft flush ruleset");
    assert.equal(segment.reaches(worker), 2);
    passWithout();
    assert.equal(isUp(segment.device), false);
    assert.equal(segment.reaches(worker), 0);
    assert.notEqual(segment.serve(gateway), 0);
    assert.ok(isUp(segment.device));
    assert.equal(segment.reaches(worker), 2);
    assert.equal(segment.serve(gateway), 0);
  });

  it("is reported by ipman run at its start if libnftables is missing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "filter-"));
    writeFileSync(join(folder, "empty.yaml"), "");
    const command = [join(root, "bin/ipman"), "run", folder, "--state", join(folder, "state")];
    const none = ["--vici", join(folder, "none"), "--metrics", "off", "--inspect", "off"];
    const program = withoutLibrary(process.execPath, ...command, ...none);
    const child = spawn("unshare", program, { stdio: ["ignore", "pipe", "inherit"] });
    try {
      for await (const line of createInterface({ input: child.stdout })) {
        const { reason, msg } = JSON.parse(line) as { reason?: string; msg: string };
        if (reason !== "PacketFilterUnavailable") continue;
        assert.match(msg, /libnftables1/);
        return;
      }
      assert.fail("ipman ended without a message");
    } finally {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
