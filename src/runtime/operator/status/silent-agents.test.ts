import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { Subject } from "rxjs";
import type { ObjectStore } from "../../../adapters/kubernetes/client/object-store.ts";
import type { GroupPod } from "../../../model/kubernetes/group-pod.ts";
import { digestOf } from "../../../model/api/group.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import { GroupPods } from "./group-pods.ts";
import { SilentAgents } from "./silent-agents.ts";

const start = Date.UTC(2026, 10, 26);

/** The pods of one group, whose agent runs or does not. */
class World implements Disposable {
  readonly changes = new Subject<void>();
  readonly objects = new Map<string, GroupPod>();
  readonly groupPods = new GroupPods(this as unknown as ObjectStore<GroupPod>);

  agent(ready: boolean): void {
    const pod = { type: "agent", groupId: digestOf(["g"]), ready, trouble: undefined };
    this.objects.set("agent", pod as GroupPod);
    this.changes.next();
  }

  get silence() {
    return this.groupPods.silenceOf("g");
  }

  [Symbol.dispose](): void {
    this.groupPods[Symbol.dispose]();
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

  it("is silent after 30 seconds, until it runs", () => {
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
    it(`is silent after 30 seconds even if the clock is set by ${hours} hours meanwhile`, () => {
      using world = new World();
      world.agent(false);
      mock.method(Date, "now", () => start + hours * 3_600_000);
      world.changes.next();
      assert.equal(world.silence, undefined);
      mock.timers.tick(30_000);
      assert.ok(world.silence);
    });

  it("is silent until it overwrites the operator's status, regardless of its clock", () => {
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
