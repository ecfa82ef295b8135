import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { KubeClient } from "../../../src/adapters/kubernetes/client/kube-client.ts";
import { KubeError } from "../../../src/adapters/kubernetes/client/kube-error.ts";
import { LeaseLock } from "../../../src/adapters/kubernetes/lease.ts";
import { resourceTypes } from "../../../src/adapters/kubernetes/client/resource-type.ts";
import { ObjectStore } from "../../../src/adapters/kubernetes/client/object-store.ts";
import type { KubeObject } from "../../../src/model/kubernetes/kube-object.ts";
import { eventually } from "../../sites/shell.ts";
import { Cable } from "../cable.ts";
import { addresses, type LabCluster } from "../cluster.ts";

const namespace = "default";
const type = resourceTypes.Secret;

/** The adapter's own promises, on a real API server and its etcd. */
export function apiScenarios(cluster: () => LabCluster): void {
  describe("the Kubernetes adapter", () => {
    const secret = (name: string): KubeObject => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace, labels: { test: "api" } },
    });
    const make = (name: string) => cluster().client.create(type, secret(name));
    const remove = (name: string) => cluster().client.delete(type, { namespace, name });

    /** A server that has just started knows no history, and etcd has none to tell. */
    async function forget(): Promise<void> {
      const { plane } = cluster();
      await plane.stop("kube-apiserver");
      await plane.compact();
      plane.startApiServer();
      await plane.answers();
    }

    /** A client whose way to the API server can be cut. */
    function clientBy(cable: Cable): Promise<string> {
      const { pki } = cluster().plane;
      return pki.client("cable", "O=system:masters,CN=cable", `https://127.0.0.1:${cable.port}`);
    }

    it("lists anew after a 410, and misses nothing that came or went meanwhile", async () => {
      await using cable = await Cable.to(addresses.host, 6443);
      await using client = KubeClient.connect(await clientBy(cable));
      const troubles: KubeError[] = [];
      const deleted: string[] = [];
      const options = { onTrouble: (error: KubeError) => troubles.push(error) };
      using view = new ObjectStore(client, { type, namespace, labelSelector: "test=api" }, options);
      view.deletions.subscribe(({ metadata }) => deleted.push(metadata.name));
      await make("stays");
      await make("goes");
      const names = () =>
        [...view.objects.values()].map(({ metadata }) => metadata.name).toSorted();
      await eventually(() => assert.deepEqual(names(), ["goes", "stays"]));
      cable.cut();
      await remove("goes");
      await make("comes");
      await forget();
      await make("last");
      cable.mend();
      await eventually(() => assert.deepEqual(names(), ["comes", "last", "stays"]), 30_000);
      assert.deepEqual(deleted, ["goes"]);
      assert.ok(
        troubles.some(({ code }) => code === "expired"),
        troubles.map(String).join("\n"),
      );
      for (const name of names()) await remove(name);
      await eventually(() => assert.deepEqual(names(), []));
    });

    it("goes on with one object that nobody changed for long, and asks for it no more than it must", async () => {
      await make("old");
      const troubles: string[] = [];
      const onTrouble = ({ code }: KubeError) => troubles.push(code);
      using view = new ObjectStore(
        cluster().client,
        { type, namespace, name: "old" },
        { onTrouble },
      );
      await view.whenSynced();
      await make("newer");
      await forget();
      await remove("newer");
      await eventually(() => assert.ok(troubles.includes("expired")), 30_000);
      await pause(2_000);
      assert.equal(troubles.filter((code) => code === "expired").length, 1);
      const change = { metadata: { labels: { changed: "yes" } } };
      await cluster().client.mergePatch(type, { namespace, name: "old" }, change);
      const labels = () => view.objects.get("default/old")?.metadata.labels;
      await eventually(() => assert.equal(labels()?.["changed"], "yes"));
      await remove("old");
      await eventually(() => assert.equal(view.objects.size, 0));
    });

    it("sees one object come, change and go, without the right to list", async () => {
      using view = new ObjectStore(cluster().client, { type, namespace, name: "alone" });
      await view.whenSynced();
      assert.equal(view.objects.size, 0);
      await make("alone");
      await eventually(() => assert.equal(view.objects.size, 1));
      await remove("alone");
      await eventually(() => assert.equal(view.objects.size, 0));
    });

    it("is told of a write that was thought out on an older version, on every path", async () => {
      const first = await make("stale");
      const { resourceVersion } = first.metadata;
      const labels = { test: "api", changed: "yes" };
      await cluster().client.mergePatch(
        type,
        { namespace, name: "stale" },
        { metadata: { labels } },
      );
      const stale = { ...first, metadata: { ...first.metadata, managedFields: undefined } };
      const conflict = (attempt: Promise<unknown>) =>
        assert.rejects(attempt, (error) => error instanceof KubeError && error.code === "conflict");
      const { client } = cluster();
      await conflict(client.replace(type, stale));
      await conflict(client.apply(type, stale, "test"));
      const patch = { metadata: { resourceVersion, labels: { test: "api" } } };
      await conflict(client.mergePatch(type, { namespace, name: "stale" }, patch));
      const place = { namespace, name: "stale" };
      await conflict(client.delete(type, place, { resourceVersion }));
      await conflict(client.delete(type, place, { uid: "another's" }));
      await remove("stale");
    });

    it("lets one of many have a lease, and the next when it lets go", async () => {
      const place = { namespace, name: "contested" };
      const locks = Array.from(
        { length: 5 },
        (_, i) => new LeaseLock(cluster().client, place, `${i}`),
      );
      const held = await Promise.all(locks.map((lock) => lock.acquire()));
      assert.equal(held.filter(Boolean).length, 1);
      const again = await Promise.all(locks.map((lock) => lock.acquire()));
      assert.deepEqual(again, held);
      await locks[held.indexOf(true)]?.release();
      const next = await Promise.all(locks.map((lock) => lock.acquire()));
      assert.equal(next.filter(Boolean).length, 1);
      await cluster().client.delete(resourceTypes.Lease, place);
    });
  });
}
