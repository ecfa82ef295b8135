import assert from "node:assert/strict";
import type { KubeClient } from "../../src/adapters/kubernetes/client/kube-client.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";

const type = resourceTypes.IPSecConnection;
const name = "shared-status";
const { apiVersion, kind } = type;

type Entries = readonly Readonly<Record<string, string>>[];
interface Shared {
  readonly activePath?: string;
  readonly node?: string;
  readonly conditions?: Entries;
  readonly children?: Entries;
  readonly paths?: Entries;
}

/**
 * Writes the status of one connection as its agents and the operator do, and checks who removes
 * what: the API server and the simulated one have to agree.
 */
export async function checkSharedStatus(client: KubeClient): Promise<void> {
  const apply = (manager: string, status: object) =>
    client.apply(
      type,
      { apiVersion, kind, metadata: { name }, status } as KubeObject,
      manager,
      "status",
    );
  const read = async () => ((await client.get(type, { name })) as { status?: Shared }).status ?? {};
  const names = (entries: Entries = [], key = "name") =>
    entries.map((one) => one[key] ?? "").toSorted();

  // In a cluster, another connection may have the usual if_id.
  const children = { one: childSpec(2, { if_id: 888 }) };
  await client.create(type, connectionSpec(name, { nodeName: "node-a", children }) as KubeObject);
  const ready = condition("Ready");
  await apply("ipman-agent", {
    activePath: "main",
    conditions: [ready, condition("Differs")],
    children: [
      { key: "one", name: "one" },
      { key: "two", name: "two" },
    ],
  });
  await apply("ipman-operator", { node: "node-a", conditions: [condition("Placed")] });
  await apply("ipman-agent-path-main", { paths: [{ name: "main", state: "established" }] });
  await apply("ipman-agent-path-backup", { paths: [{ name: "backup", state: "established" }] });
  const both = await read();
  assert.deepEqual(names(both.paths), ["backup", "main"]);
  assert.deepEqual(names(both.conditions, "type"), ["Differs", "Placed", "Ready"]);

  // Another agent leads: it writes as the same manager, and drops what it does not have.
  await apply("ipman-agent", {
    activePath: "backup",
    conditions: [ready, condition("Redundant")],
    children: [{ key: "one", name: "one" }],
  });
  const moved = await read();
  assert.equal(moved.activePath, "backup");
  assert.equal(moved.node, "node-a");
  assert.deepEqual(names(moved.paths), ["backup", "main"]);
  assert.deepEqual(names(moved.conditions, "type"), ["Placed", "Ready", "Redundant"]);
  assert.deepEqual(names(moved.children, "key"), ["one"]);

  // An agent reports its own path only, and another one removes the entry of a path that is gone.
  await apply("ipman-agent-path-backup", { paths: [{ name: "backup", state: "failed" }] });
  await apply("ipman-agent-path-main", {});
  const removed = await read();
  assert.deepEqual(removed.paths, [{ name: "backup", state: "failed" }]);
  assert.deepEqual(names(removed.conditions, "type"), ["Placed", "Ready", "Redundant"]);

  // All paths are on one node again: the entries have two owners until one gives them up.
  await apply("ipman-agent", {
    activePath: "backup",
    paths: [{ name: "backup", state: "failed" }],
  });
  await apply("ipman-agent-path-backup", {});
  assert.deepEqual(names((await read()).paths), ["backup"]);
  await apply("ipman-agent", {});
  const last = await read();
  assert.deepEqual([last.paths, last.activePath], [undefined, undefined]);
  assert.deepEqual(names(last.conditions, "type"), ["Placed"]);
  await client.delete(type, { name });
}

function condition(of: string): object {
  const since = "2026-01-01T11:00:00Z";
  const stated = { status: "True", reason: of, message: "", observedGeneration: 1 };
  return { type: of, ...stated, lastTransitionTime: since };
}
