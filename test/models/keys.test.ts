import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "../../lab/sites/shell.ts";
import { childSpec, connectionSpec, secret } from "../../lab/sites/manifests.ts";
import { statusOf } from "../../src/runtime/status/status.ts";
import { resourceOf, World } from "../simulator/world.ts";

/** A world with connections and the keys in their Secret. */
class Partners extends World {
  keys: Record<string, string> = {};
  specs: Record<string, object> = {};
  /** The connections that the Secret permits to use its keys. */
  keyFor = "";

  constructor(planted: ConstructorParameters<typeof World>[2] = {}) {
    super([], {}, planted);
  }

  redeclare(): void {
    const connections = Object.entries(this.specs).map(([name, changes], i) => {
      const n = 2 + i;
      return connectionSpec(name, { children: { [`child-${n}`]: childSpec(n) }, ...changes });
    });
    const { metadata, ...rest } = secret(this.keys);
    const annotations = { "ipman.dialo.ai/keyFor": this.keyFor };
    const keys = { ...rest, metadata: { ...metadata, annotations } };
    this.declare([resourceOf(keys), ...connections.map(resourceOf)]);
  }

  /** The keys in charon, by connection; "-" for a key that no peer has. */
  get loaded(): Record<string, string> {
    const entries = [...this.charon.keys].map(([id, { data, owners }]) => {
      const isOfPeer = JSON.stringify(owners) !== JSON.stringify([id]);
      return [
        id.replace("ipman:", ""),
        isOfPeer ? Buffer.from(data as Uint8Array).toString() : "-",
      ];
    });
    return Object.fromEntries(entries) as Record<string, string>;
  }

  of(id: string) {
    return statusOf(this.supervisor).connections.find((connection) => connection.id === id);
  }

  /** Status and reason of a condition. */
  condition(id: string, wanted: string): string {
    const found = this.of(id)?.conditions.find(({ type }) => type === wanted);
    return `${found?.status} ${found?.reason}`;
  }

  /** Waits until charon has just these keys, and each of these connections is up. */
  async settles(loaded: Record<string, string>, ...up: string[]): Promise<void> {
    await eventually(() => {
      assert.deepEqual(this.loaded, loaded);
      for (const id of up) assert.equal(this.of(id)?.state, "established");
    });
  }
}

const shared = { remoteId: "peer.example" };

describe("keys in charon", () => {
  it("are loaded for two connections with one remoteId if they are equal, and unloaded one by one", async () => {
    await using world = new Partners();
    Object.assign(world, { keys: { a: "k1", b: "k1" }, specs: { a: shared, b: shared } });
    world.redeclare();
    await world.start();
    await world.settles({ a: "k1", b: "k1" }, "a", "b");
    delete world.specs["a"];
    world.redeclare();
    await world.settles({ b: "k1" }, "b");
  });

  it("are refused to the later of two connections with one remoteId if they differ", async () => {
    await using world = new Partners();
    Object.assign(world, { keys: { b: "k1" }, specs: { b: shared } });
    world.redeclare();
    await world.start();
    await world.settles({ b: "k1" }, "b");
    // This connection is first in the folder, but was declared later.
    Object.assign(world, { keys: { a: "k2", b: "k1" }, specs: { a: shared, b: shared } });
    world.redeclare();
    await eventually(() => assert.equal(world.of("a")?.failure?.reason, "SecretConflict"));
    const { message } = world.of("a")?.failure ?? {};
    assert.match(message ?? "", /key is not that of b,.*"peer\.example".*use one key/);
    assert.doesNotMatch(message ?? "", /k1|k2/);
    assert.equal(world.condition("a", "SecretReady"), "False SecretConflict");
    assert.equal(world.condition("a", "Stalled"), "True SecretConflict");
    await world.settles({ b: "k1" }, "b");
    world.specs["a"] = { remoteId: "another.example" };
    world.redeclare();
    await world.settles({ a: "k2", b: "k1" }, "a", "b");
    const given: unknown[] = [];
    const { keys } = world.charon;
    const set = keys.set.bind(keys);
    keys.set = (id, key) => {
      if (id === "ipman:a") given.push(key.owners);
      return set(id, key);
    };
    world.specs["a"] = shared;
    world.redeclare();
    await world.settles({ a: "-", b: "k1" }, "b");
    world.specs["a"] = { remoteId: "another.example" };
    world.redeclare();
    await world.settles({ a: "k2", b: "k1" }, "a", "b");
    assert.deepEqual([...new Set(given.flat())], ["ipman:a", "another.example"], "no other owner");
  });

  it("change together: the first changed key waits for the other, and its SA stays up", async () => {
    await using world = new Partners();
    Object.assign(world, { keys: { a: "k1", b: "k1" }, specs: { a: shared, b: shared } });
    world.redeclare();
    await world.start();
    await world.settles({ a: "k1", b: "k1" }, "a", "b");
    world.keys = { a: "k2", b: "k1" };
    world.redeclare();
    await world.settles({ a: "-", b: "k1" }, "a", "b");
    assert.equal(world.condition("a", "SecretReady"), "False SecretConflict");
    assert.match(world.condition("a", "Ready"), /^True/);
    world.keys = { a: "k2", b: "k2" };
    world.redeclare();
    await world.settles({ a: "k2", b: "k2" }, "a", "b");
    assert.equal(world.charon.asked.get("terminate"), undefined);
  });

  it("are withdrawn from a charon that has them from an earlier process", async () => {
    await using world = new Partners();
    Object.assign(world, { keys: { a: "k1", b: "k2" }, specs: { a: shared, b: shared } });
    world.redeclare();
    await world.startCharon();
    world.charon.keys.set("ipman:b", { data: Buffer.from("k2"), owners: ["peer.example", "us"] });
    world.supervisor.start();
    await world.settles({ a: "k1", b: "-" }, "a");
  });

  it("are loaded under the connection's new name, and unloaded under the old one", async () => {
    await using world = new Partners();
    Object.assign(world, { keys: { a: "k1" }, specs: { a: {} } });
    world.redeclare();
    await world.start();
    await world.settles({ a: "k1" }, "a");
    world.specs["a"] = { name: "renamed" };
    world.redeclare();
    await world.settles({ renamed: "k1" }, "a");
    assert.deepEqual([...world.charon.conns.keys()], ["renamed"]);
  });

  it("are those that the Secret permits, and are withdrawn without its consent while SAs stay up", async () => {
    await using world = new Partners({ requireSecretConsent: true });
    Object.assign(world, { keys: { a: "k1", b: "k2" }, specs: { a: {}, b: {} }, keyFor: "a" });
    world.redeclare();
    await world.start();
    await world.settles({ a: "k1" }, "a");
    const { reason, message = "" } = world.of("b")?.failure ?? {};
    assert.equal(reason, "SecretNotPermitted");
    assert.match(message, /keyFor has to list "b"/);
    assert.equal(world.condition("b", "SecretReady"), "False SecretNotPermitted");
    assert.equal(world.condition("b", "Stalled"), "True SecretNotPermitted");
    world.keyFor = "b";
    world.redeclare();
    await world.settles({ a: "-", b: "k2" }, "a", "b");
    assert.equal(world.condition("a", "SecretReady"), "False SecretNotPermitted");
  });
});
