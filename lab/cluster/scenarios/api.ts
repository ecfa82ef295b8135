import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { KubeClient } from "../../../src/adapters/kubernetes/client/kube-client.ts";
import { KubeError } from "../../../src/adapters/kubernetes/client/kube-error.ts";
import { LeaseLock } from "../../../src/adapters/kubernetes/lease.ts";
import { resourceTypes } from "../../../src/adapters/kubernetes/client/resource-type.ts";
import { ObjectStore } from "../../../src/adapters/kubernetes/client/object-store.ts";
import type { KubeObject } from "../../../src/model/kubernetes/kube-object.ts";
import { checkSharedStatus } from "../../../test/simulator/status-contract.ts";
import { eventually } from "../../sites/shell.ts";
import { Cable } from "../cable.ts";
import { addresses, type LabCluster } from "../cluster.ts";

const namespace = "default";
const type = resourceTypes.Secret;

/** The guarantees of the adapter, on a real API server and its etcd. */
export function apiScenarios(cluster: () => LabCluster): void {
  describe("the Kubernetes adapter", () => {
    const secret = (name: string): KubeObject => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace, labels: { test: "api" } },
    });
    const make = (name: string) => cluster().client.create(type, secret(name));
    const remove = (name: string) => cluster().client.delete(type, { namespace, name });

    /** Restarts the API server without a history of changes, which etcd no longer has either. */
    async function forget(): Promise<void> {
      const { plane } = cluster();
      await plane.stop("kube-apiserver");
      await plane.compact();
      plane.startApiServer();
      await plane.answers();
    }

    /** Writes a kubeconfig whose connection to the API server can be cut. */
    function clientBy(cable: Cable): Promise<string> {
      const { pki } = cluster().plane;
      return pki.client("cable", "O=system:masters,CN=cable", `https://127.0.0.1:${cable.port}`);
    }

    it("lists again after a 410, and misses no object that was created or deleted meanwhile", async () => {
      await using cable = await Cable.to(addresses.host, 6443);
      await using client = KubeClient.connect(await clientBy(cable));
      const troubles: KubeError[] = [];
      const deleted: string[] = [];
      const options = { onTrouble: (error: KubeError) => troubles.push(error) };
      using store = new ObjectStore(
        client,
        { type, namespace, labelSelector: "test=api" },
        options,
      );
      store.deletions.subscribe(({ metadata }) => deleted.push(metadata.name));
      await make("stays");
      await make("goes");
      const names = () =>
        [...store.objects.values()].map(({ metadata }) => metadata.name).toSorted();
      await eventually(() => assert.deepEqual(names(), ["goes", "stays"]));
      cable.cut();
      await remove("goes");
      await make("comes");
      await forget();
      await make("last");
      cable.repair();
      await eventually(() => assert.deepEqual(names(), ["comes", "last", "stays"]), 30_000);
      assert.deepEqual(deleted, ["goes"]);
      assert.ok(
        troubles.some(({ code }) => code === "expired"),
        troubles.map(String).join("\n"),
      );
      for (const name of names()) await remove(name);
      await eventually(() => assert.deepEqual(names(), []));
    });

    it("continues to watch a single object whose version expired, after one more list", async () => {
      await make("old");
      const troubles: string[] = [];
      const onTrouble = ({ code }: KubeError) => troubles.push(code);
      using store = new ObjectStore(
        cluster().client,
        { type, namespace, name: "old" },
        { onTrouble },
      );
      await store.whenSynced();
      await make("newer");
      await forget();
      await remove("newer");
      await eventually(() => assert.ok(troubles.includes("expired")), 30_000);
      await pause(2_000);
      assert.equal(troubles.filter((code) => code === "expired").length, 1);
      const change = { metadata: { labels: { changed: "yes" } } };
      await cluster().client.mergePatch(type, { namespace, name: "old" }, change);
      const labels = () => store.objects.get("default/old")?.metadata.labels;
      await eventually(() => assert.equal(labels()?.["changed"], "yes"));
      await remove("old");
      await eventually(() => assert.equal(store.objects.size, 0));
    });

    it("sees the creation and deletion of a single object, without the permission to list", async () => {
      using store = new ObjectStore(cluster().client, { type, namespace, name: "alone" });
      await store.whenSynced();
      assert.equal(store.objects.size, 0);
      await make("alone");
      await eventually(() => assert.equal(store.objects.size, 1));
      await remove("alone");
      await eventually(() => assert.equal(store.objects.size, 0));
    });

    it("reports a conflict for a write that is based on an older version, in every operation", async () => {
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

    it("lets agents and operator share a status, as the simulated API server does", () =>
      checkSharedStatus(cluster().client));

    it("grants a lease to one of many clients, and to the next one after its release", async () => {
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
