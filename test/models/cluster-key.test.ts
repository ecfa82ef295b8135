import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { inspect } from "node:util";
import { ClusterKey, clusterKeySecret } from "../../src/adapters/kubernetes/cluster-key.ts";
import type { KubeClient } from "../../src/adapters/kubernetes/client/kube-client.ts";
import { KubeError } from "../../src/adapters/kubernetes/client/kube-error.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { SegmentKey } from "../../src/model/network/segment-key.ts";
import { KubeApi } from "../simulator/kube-api.ts";
import { pass } from "../simulator/two-replicas.ts";

const namespace = "ipman-system";
const { Secret } = resourceTypes;
type SecretObject = KubeObject & { readonly data?: Readonly<Record<string, string>> };

/** An API server, with processes that share its key. */
class World implements Disposable {
  readonly api = new KubeApi(() => 2);
  readonly troubles: unknown[] = [];
  /** While it is set, no request is answered. */
  away = false;
  readonly #parts = new DisposableStack();

  process(creates: boolean): ClusterKey {
    const onTrouble = (error: unknown) => void this.troubles.push(error);
    return this.#parts.use(
      new ClusterKey({ client: this.#client(), namespace, creates, onTrouble }),
    );
  }

  get stored(): SecretObject | undefined {
    return this.api.all(Secret)[0];
  }

  get value(): string | undefined {
    return this.stored?.data?.["segment"];
  }

  put(segment: string): void {
    const metadata = { name: clusterKeySecret, namespace };
    const object = { apiVersion: "v1", kind: "Secret", metadata, data: { segment } };
    this.api.put(Secret, object as KubeObject);
  }

  remove(): void {
    this.api.remove(Secret, { namespace, name: clusterKeySecret });
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }

  #client(): KubeClient {
    const client = this.api.client() as unknown as Record<string, (...given: unknown[]) => unknown>;
    const names = ["get", "create", "openWatch"] as const;
    const guarded = names.map((name) => [
      name,
      (...given: unknown[]) => {
        if (this.away) return Promise.reject(new KubeError(name, "unavailable", 0, "no answer"));
        return client[name]?.(...given);
      },
    ]);
    return { ...client, ...Object.fromEntries(guarded) } as KubeClient;
  }
}

describe("the segment key of a cluster", () => {
  before(() => mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] }));
  after(() => mock.timers.reset());

  it("is created once by replicas that start together, and read by agents", async () => {
    using world = new World();
    const processes = [world.process(true), world.process(false), world.process(true)];
    const read = Promise.all(processes.map((process) => process.whenRead()));
    await pass(3_000);
    const [first, ...others] = (await read) as [SegmentKey, ...SegmentKey[]];
    for (const other of others) assert.ok(other.equals(first));
    assert.equal(world.api.written.length, 1);
    assert.equal(Buffer.from(world.value ?? "", "base64").length, 32);
    assert.equal(world.stored?.metadata.ownerReferences, undefined, "it outlives the release");
    for (const trouble of world.troubles) assert.match(String(trouble), /it does not exist yet/);
  });

  it("is not created by an agent, which waits for it", async () => {
    using world = new World();
    const agent = world.process(false);
    await pass(60_000);
    assert.equal(world.stored, undefined);
    assert.equal(agent.current, undefined);
    const absent =
      /Secret ipman-system\/ipman-keys: it does not exist yet; the operator creates it/;
    assert.match(agent.problem, absent);
    assert.equal(world.troubles.length, 1, "it is reported once");
    assert.match(String(world.troubles[0]), absent);
    world.process(true);
    await pass(3_000);
    assert.ok(agent.current !== undefined);
  });

  it("is retried with a backoff until the API server answers", async () => {
    using world = new World();
    world.away = true;
    const operator = world.process(true);
    await pass(60_000);
    assert.equal(operator.current, undefined);
    assert.match(operator.problem, /no answer/);
    assert.ok(world.troubles.length < 20, `${world.troubles.length} attempts in a minute`);
    world.away = false;
    await pass(12_000);
    assert.ok(operator.current !== undefined);
  });

  it("is created again from the value in memory when the Secret is deleted", async () => {
    using world = new World();
    const operator = world.process(true);
    await pass(3_000);
    const { value } = world;
    const key = await operator.whenRead();
    world.remove();
    await pass(3_000);
    assert.equal(world.value, value);
    assert.equal(operator.current, key);
  });

  it("keeps the value that was read first if the Secret changes, and the change is reported once", async () => {
    using world = new World();
    const operator = world.process(true);
    await pass(3_000);
    const { value } = world;
    const key = await operator.whenRead();
    for (const other of [Buffer.alloc(32, 7).toString("base64"), "short"]) {
      world.troubles.length = 0;
      world.put(other);
      await pass(3_000);
      assert.equal(operator.current, key);
      assert.equal(world.value, other, "it is not overwritten");
      assert.equal(world.troubles.length, 1);
      assert.match(
        String(world.troubles[0]),
        /Secret ipman-system\/ipman-keys: data\.segment is not/,
      );
      assert.match(String(world.troubles[0]), /delete the Secret, and the operator restores it/);
    }
    world.remove();
    await pass(3_000);
    assert.equal(world.value, value);
  });

  it("is emitted as the Secret has it, also after a change and to a process that starts before it", async () => {
    using world = new World();
    const agent = world.process(false);
    const stored: SegmentKey[] = [];
    const subscription = agent.stored.subscribe((key) => stored.push(key));
    await pass(3_000);
    assert.equal(stored.length, 0);
    for (const fill of [7, 8]) world.put(Buffer.alloc(32, fill).toString("base64"));
    await pass(3_000);
    world.put(Buffer.alloc(32, 9).toString("base64"));
    world.put("short");
    world.put(Buffer.alloc(32, 9).toString("base64"));
    await pass(3_000);
    subscription.unsubscribe();
    assert.ok(stored.at(-1)?.equals(new SegmentKey(Buffer.alloc(32, 9))));
    assert.ok(agent.current?.equals(stored[0] as SegmentKey));
  });

  it("is not used if it is malformed, and is read once the Secret is repaired", async () => {
    using world = new World();
    world.put("AAAA");
    const operator = world.process(true);
    await pass(3_000);
    assert.equal(operator.current, undefined);
    assert.match(
      operator.problem,
      /data\.segment is not the base64 of 32 bytes; delete the Secret/,
    );
    world.remove();
    await pass(3_000);
    assert.ok(operator.current !== undefined);
  });

  it("does not appear in anything that is printed or reported", async () => {
    using world = new World();
    const operator = world.process(true);
    await pass(3_000);
    world.put(Buffer.alloc(32, 7).toString("base64"));
    await pass(3_000);
    const shown = inspect([operator, world.troubles], { depth: 12 });
    const kept = Buffer.from(world.value ?? "", "base64");
    for (const secret of [world.value ?? "", kept.toString("hex")])
      assert.ok(!shown.includes(secret));
  });
});
