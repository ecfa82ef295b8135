import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import { ObjectStore } from "./object-store.ts";
import { resourceTypes } from "./resource-type.ts";

const object = (name: string, version: number): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: "n", resourceVersion: String(version) },
});

/** A server with two lists; the watch of the first one reports a change and then expires. */
function expiringServer(): KubeClient {
  const lists = [
    { objects: [object("a", 3), object("b", 2)], version: "5" },
    { objects: [object("b", 2), object("c", 8)], version: "9" },
  ];
  let watches = 0;
  const client = {
    list: (_type: unknown, _place: unknown, _selector: unknown, each: (o: KubeObject) => void) => {
      const { objects, version } = lists.shift() ?? { objects: [], version: "0" };
      for (const listed of objects) each(listed);
      return Promise.resolve(version);
    },
    openWatch: async function* (...args: unknown[]) {
      if (watches++ === 0) {
        yield Buffer.from(`${JSON.stringify({ type: "MODIFIED", object: object("a", 6) })}\n`);
        throw new KubeError("watch", "expired", 410, "too old resource version");
      }
      const signal = args[4] as AbortSignal;
      await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    },
  };
  return client as unknown as KubeClient;
}

describe("an object store", () => {
  it("reports objects that were deleted while the watch was away", async () => {
    const wanted = { type: resourceTypes.Secret, namespace: "n" };
    using store = new ObjectStore<KubeObject>(expiringServer(), wanted);
    const changes: string[] = [];
    const deletions: string[] = [];
    store.changes.subscribe((change) => {
      changes.push("key" in change ? `${change.type} ${change.key}` : change.type);
    });
    store.deletions.subscribe(({ metadata }) =>
      deletions.push(`${metadata.name} ${metadata.resourceVersion}`),
    );
    await store.whenSynced();
    while (store.version < 9n) await new Promise(setImmediate);
    assert.deepEqual([...store.objects.keys()].toSorted(), ["n/b", "n/c"]);
    assert.deepEqual(deletions, ["a 6"]);
    assert.deepEqual(changes, ["all", "put n/a", "all"]);
  });
});
