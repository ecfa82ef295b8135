import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { BehaviorSubject } from "rxjs";
import { connectionSpec, psk, secret } from "../../lab/sites/manifests.ts";
import { diagnose } from "../../src/runtime/diagnosis/diagnose.ts";
import type { Examiner, Placed } from "../../src/runtime/diagnosis/examiner.ts";
import { simulatedPlacement } from "../simulator/placement.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { pass } from "./fixtures.ts";

const examiner = {
  wayTo: () => ({ device: "eth0", kind: "" }),
  hasAddress: () => true,
  gatewayDrift: () => [],
  workerDrift: () => [],
  answersGateway: async () => true,
  statistics: async () => [],
  saCounters: () => [],
  xfrmErrors: () => new Map(),
  tunnelMtu: () => 1_400,
} as unknown as Examiner;

const keyless = {
  name: "backup",
  remoteAddr: "192.0.2.9",
  remoteId: "backup.example",
  secretRef: { name: "absent", namespace: "default", key: "psk" },
};

describe("the diagnosis of a connection with two paths", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  async function findingsIn(world: World, service?: string): Promise<string[]> {
    const which = { connection: "site", child: undefined, service };
    const request = { ...which, ping: undefined, rekey: false };
    const findings = await Array.fromAsync(diagnose(world.supervisor, examiner, request));
    return findings.map(({ verdict, check, path = "" }) => `${verdict} ${check} ${path}`.trim());
  }

  const worldWith = (...paths: object[]) =>
    new World([secret({ site: psk }), connectionSpec("site", { paths })].map(resourceOf));

  it("tests nothing but whether its hosts answer if it is that of a Service", async () => {
    await using world = worldWith({ name: "main" });
    await world.start();
    await pass(2_000);
    assert.deepEqual(await findingsIn(world, "shop/web"), ["skipped answers"]);
  });

  it("compares the gateway with a plan that has the Services of the child", async () => {
    const services = { exposed: [], remote: [] };
    const placement = {
      ...simulatedPlacement(),
      services: new BehaviorSubject(new Map([["site/child-2", services]])),
    };
    const resources = [secret({ site: psk }), connectionSpec("site")].map(resourceOf);
    await using world = new World(resources, {}, { placement });
    await world.start();
    await pass(2_000);
    const placed: (Placed | undefined)[] = [];
    const watching = { ...examiner, gatewayDrift: (of: Placed) => (placed.push(of), []) };
    const request = { connection: "site", child: undefined, ping: undefined, rekey: false };
    await Array.fromAsync(diagnose(world.supervisor, watching, { ...request, service: undefined }));
    assert.equal(placed[0]?.services, services);
  });

  it("names the path of each finding, and the standby that is down after all others", async () => {
    await using world = worldWith({ name: "main" }, keyless);
    await world.start();
    await pass(2_000);
    assert.deepEqual(await findingsIn(world), [
      "ok manifest",
      "ok charon",
      "ok secret main",
      "ok options main",
      "ok route main",
      "ok IKE SA main",
      "ok CHILD SA main",
      "ok gateway",
      "note workers",
      "skipped traffic main",
      "skipped rekey main",
      "problem standby backup",
    ]);
  });

  it("checks the standby also if the active path cannot be checked, unless charon is away", async () => {
    await using world = worldWith(
      { ...keyless, name: "main" },
      { name: "backup", standby: "cold" },
    );
    await world.start();
    await pass(500);
    const findings = await findingsIn(world);
    assert.deepEqual(findings.slice(2), [
      "problem secret main",
      "ok options main",
      "skipped IKE SA main",
      "note standby backup",
    ]);
    await world.stopCharon();
    await pass(2_000);
    const without = await findingsIn(world);
    assert.ok(without.includes("problem charon"));
    assert.ok(!without.some((finding) => finding.includes("standby")));
  });
});
