import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { Subject } from "rxjs";
import type { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import type { CarrierPod } from "../../../model/kubernetes/carrier-pod.ts";
import { digestOf } from "../../../model/api/group.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { Carriers } from "./carriers.ts";
import { SilentAgents } from "./silent-agents.ts";

const start = Date.UTC(2026, 10, 26);

/** The carriers of one group, of which the agent runs or does not. */
class World implements Disposable {
  readonly changes = new Subject<void>();
  readonly objects = new Map<string, CarrierPod>();
  readonly carriers = new Carriers(this as unknown as ObjectStore<CarrierPod>);

  agent(ready: boolean): void {
    const pod = { type: "agent", groupId: digestOf(["g"]), ready, trouble: undefined };
    this.objects.set("agent", pod as CarrierPod);
    this.changes.next();
  }

  get silence() {
    return this.carriers.silenceOf("g");
  }

  [Symbol.dispose](): void {
    this.carriers[Symbol.dispose]();
  }
}

const version = (resourceVersion: string): KubeObject => ({
  apiVersion: "v1",
  kind: "IPSecConnection",
  metadata: { name: "a", resourceVersion },
});

describe("an agent that does not run", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

  it("is missed after 30 seconds, and no more once it runs", () => {
    using world = new World();
    world.agent(false);
    mock.timers.tick(29_000);
    assert.equal(world.silence, undefined);
    mock.timers.tick(1_000);
    assert.ok(world.silence);
    world.agent(true);
    assert.equal(world.silence, undefined);
    world.agent(false);
    assert.equal(world.silence, undefined);
  });

  for (const hours of [-72, 72])
    it(`is missed after 30 seconds with the clock set by ${hours} hours meanwhile`, () => {
      using world = new World();
      world.agent(false);
      mock.method(Date, "now", () => start + hours * 3_600_000);
      world.changes.next();
      assert.equal(world.silence, undefined);
      mock.timers.tick(30_000);
      assert.ok(world.silence);
    });

  it("is silent until it overwrites what the operator wrote, by whatever clock it writes", () => {
    using world = new World();
    const agents = new SilentAgents();
    const silence = () => {
      assert.ok(world.silence);
      return world.silence;
    };
    world.agent(false);
    mock.timers.tick(30_000);
    assert.equal(agents.isSilent(silence(), version("7")), true);
    agents.noteWritten(silence(), version("9"));
    for (const [seen, isSilent] of [
      ["7", true],
      ["9", true],
      ["10", false],
    ] as const)
      assert.equal(agents.isSilent(silence(), version(seen)), isSilent, seen);
    world.agent(true);
    world.agent(false);
    mock.timers.tick(30_000);
    assert.equal(agents.isSilent(silence(), version("11")), true, "another silence");
  });
});
