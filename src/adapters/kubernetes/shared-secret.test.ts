import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { KubeApi } from "../../../test/simulator/kube-api.ts";
import { pass } from "../../../test/simulator/two-replicas.ts";
import { resourceTypes } from "./client/resource-type.ts";
import { SharedSecret, type StoredSecret } from "./shared-secret.ts";

/** Passes enough time for the answers of requests and watches. */
async function settled<T>(result?: Promise<T>): Promise<T | undefined> {
  await pass(20);
  return result;
}
const data = (text: string) => ({ data: { key: Buffer.from(text).toString("base64") } });

describe("a shared Secret", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  afterEach(() => mock.timers.reset());

  const setUp = async () => {
    const api = new KubeApi(() => 1);
    const place = { namespace: "n", secretName: "s", owner: undefined };
    const onTrouble = (error: unknown) => assert.fail(String(error));
    const replicas = [1, 2].map(
      () => new SharedSecret({ client: api.client(), ...place, onTrouble }),
    );
    await settled();
    const [a, b] = replicas as [SharedSecret, SharedSecret];
    return { api, a, b, [Symbol.dispose]: () => replicas.forEach((one) => one[Symbol.dispose]()) };
  };

  it("is created by one replica, and the other is refused", async () => {
    using world = await setUp();
    assert.ok(world.a.synced);
    const written = await settled(
      Promise.all([world.a, world.b].map((one, i) => one.write(undefined, data(String(i))))),
    );
    assert.deepEqual(written?.toSorted(), [false, true]);
    assert.deepEqual(world.a.current, world.b.current);
    assert.equal(world.a.current?.type, "Opaque");
  });

  it("is not replaced if another replica replaced it since the decision", async () => {
    using world = await setUp();
    await settled(world.a.write(undefined, data("first")));
    const decidedBy = world.a.current;
    assert.equal(await settled(world.b.write(world.b.current, data("second"))), true);
    assert.equal(await settled(world.a.write(decidedBy, data("third"))), false);
    const [stored] = world.api.all(resourceTypes.Secret) as StoredSecret[];
    assert.deepEqual(stored?.data, data("second").data);
  });

  it("keeps its type and the metadata that others wrote", async () => {
    using world = await setUp();
    const metadata = { namespace: "n", name: "s", labels: { theirs: "yes" } };
    const type = "kubernetes.io/tls";
    const object: StoredSecret = { apiVersion: "v1", kind: "Secret", metadata, type };
    world.api.put(resourceTypes.Secret, object);
    await settled();
    await settled(world.a.write(world.a.current, data("new")));
    const [stored] = world.api.all(resourceTypes.Secret) as StoredSecret[];
    assert.equal(stored?.type, type);
    assert.deepEqual(stored.metadata.labels, { theirs: "yes" });
  });
});
