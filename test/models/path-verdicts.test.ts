import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { defer, Subject } from "rxjs";
import { childSpec, connectionSpec, psk, secret } from "../../lab/sites/manifests.ts";
import type { EchoOutcome } from "../../src/model/probe/echo-judge.ts";
import { obedientNetwork } from "../simulator/placement.ts";
import { resourceOf, World } from "../simulator/world.ts";
import { pass } from "./fixtures.ts";

const site = connectionSpec("site", {
  children: { "child-2": childSpec(2, { probe: { address: "10.1.2.1" } }) },
  paths: [{ name: "main" }, { name: "backup", remoteAddr: "192.0.2.9" }],
});

describe("the actor of a connection with two paths and a probe", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  after(() => mock.timers.reset());

  it("gets the verdicts about its active path, which begin again after a move", async () => {
    let results = new Subject<EchoOutcome>();
    let sockets = 0;
    const echoes = () =>
      defer(() => {
        sockets++;
        return (results = new Subject());
      });
    const network = { ...obedientNetwork, echoes };
    const resources = [secret({ site: psk }), site].map(resourceOf);
    await using world = new World(resources, { latencyMs: 20 }, { network });
    await world.start();
    await pass(2_000);
    const root = world.supervisor.roots.get("site");
    assert.ok(root);
    const verdicts: unknown[] = [];
    root.system.inspect((inspected) => {
      if (inspected.type !== "@xstate.event" || inspected.actorRef !== root) return;
      const { event } = inspected;
      if (event.type === "probes.judged")
        verdicts.push([root.getSnapshot().context.active, event["answered"]]);
    });
    const before = sockets;
    results.next({ seconds: 0.02, unreachable: false });
    results.next({ seconds: undefined, unreachable: false });
    results.next({ seconds: undefined, unreachable: true });
    root.send({ type: "move", path: "backup" });
    await pass(2_000);
    results.next({ seconds: 0.02, unreachable: false });
    assert.deepEqual(verdicts, [
      ["main", true],
      ["main", false],
      ["backup", undefined],
      ["backup", true],
    ]);
    assert.equal(sockets, before + 1, "by other requests");
    assert.deepEqual(world.breakdowns, []);
  });
});
