import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import pLimit from "p-limit";
import { connectionSpec } from "../../../lab/sites/manifests.ts";
import { KubeApi } from "../../../test/simulator/kube-api.ts";
import { pass } from "../../../test/simulator/two-replicas.ts";
import { resourceTypes } from "../../adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import { failure, Reason } from "../../model/status/failure.ts";
import type { ConnectionStatus, PathStatus } from "../../model/status/status.ts";
import { agentStatus, type AgentStatus, type StatedPath } from "./connection-status.ts";
import { PathReporter } from "./path-reporter.ts";

const { IPSecConnection } = resourceTypes;

function pathOn(name: string, node: string, changes: Partial<PathStatus> = {}): PathStatus {
  const given = { name, node, role: "standby", standby: "warm", state: "established" } as const;
  return { ...given, since: 0, remote: "192.0.2.1", failure: undefined, ...changes };
}

function statusWith(paths: readonly PathStatus[], leads?: boolean): ConnectionStatus {
  const given = { id: "c1", name: "c1", generation: 1, remote: "192.0.2.1", since: 0 };
  const empty = { failure: undefined, conditions: [], children: [], problems: [] };
  return { ...given, ...empty, state: "established", paths, ...(leads !== undefined && { leads }) };
}

const elsewhere = { elsewhere: true } as const;

describe("the status of paths on several nodes", () => {
  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  });
  afterEach(() => mock.timers.reset());

  /** Agents that see the same API, each with the status that it shows. */
  function agents(...shown: (ConnectionStatus | undefined)[]) {
    const api = new KubeApi(() => 0);
    const errors: unknown[] = [];
    api.put(IPSecConnection, connectionSpec("c1") as KubeObject);
    const inApi = () =>
      (api.all(IPSecConnection)[0] as { status?: Partial<AgentStatus> }).status ?? {};
    const reporters = shown.map(
      (_, i) =>
        new PathReporter({
          client: api.client(),
          statusInApi: inApi,
          shown: () => shown[i],
          isDivided: () => shown.some((status) => status?.leads !== undefined),
          writes: pLimit(8),
          onTrouble: (error) => errors.push(error),
        }),
    );
    const settle = async () => {
      for (const reporter of reporters) reporter.compare("c1");
      await pass(2_500);
      assert.deepEqual(errors, []);
    };
    const paths = () =>
      (inApi().paths ?? []).map((path: StatedPath) => `${path.name} on ${path.node} ${path.state}`);
    return { api, shown, settle, paths };
  }

  it("has the entry of each agent's own path, and a restart of one changes none", async () => {
    const made = agents(
      statusWith([pathOn("main", "a"), pathOn("b", "b", { ...elsewhere, state: "failed" })], true),
      statusWith([pathOn("main", "a", { ...elsewhere, state: "failed" }), pathOn("b", "b")], false),
    );
    await made.settle();
    assert.deepEqual(made.paths().toSorted(), ["b on b established", "main on a established"]);
    const { length } = made.api.written;
    await made.settle();
    assert.equal(made.api.written.length, length, "nothing changed");
    made.shown[0] = undefined;
    made.shown[1] = statusWith([], false);
    await made.settle();
    assert.equal(made.api.written.length, length, "nothing is known yet");
  });

  it("loses the entry of a path that is no longer declared by the agent that leads", async () => {
    const main = pathOn("main", "a");
    const made = agents(
      statusWith([main, pathOn("b", "b", elsewhere), pathOn("c", "c", elsewhere)], true),
      statusWith([pathOn("main", "a", elsewhere), pathOn("b", "b")], false),
      statusWith([pathOn("main", "a", elsewhere), pathOn("c", "c")], false),
    );
    await made.settle();
    assert.equal(made.paths().length, 3);
    made.shown[2] = undefined;
    made.shown[0] = statusWith([main, pathOn("b", "b", elsewhere)], true);
    await made.settle();
    assert.deepEqual(made.paths().toSorted(), ["b on b established", "main on a established"]);
    // One path is left: its agent has no other one beside it.
    made.shown[0] = undefined;
    made.shown[1] = statusWith([]);
    await made.settle();
    assert.deepEqual(made.paths(), []);
  });

  it("has nothing left of the time with several nodes once all paths are on one", async () => {
    const failed = failure(Reason.PeerUnreachable, "the peer does not answer");
    const made = agents(
      statusWith([pathOn("main", "a"), pathOn("b", "b", elsewhere)], true),
      statusWith(
        [pathOn("main", "a", elsewhere), pathOn("b", "b", { state: "failed", failure: failed })],
        false,
      ),
    );
    await made.settle();
    const onOne = ["main", "b"].map((name): PathStatus => {
      const { node: _, ...path } = pathOn(name, "a");
      return { ...path, role: name === "main" ? "active" : "standby" };
    });
    made.shown.splice(0, 2, statusWith(onOne), undefined);
    const facts = { generation: 2, now: "2026-01-01T00:00:00Z", mtuOf: () => undefined };
    const { paths: entries } = agentStatus(statusWith(onOne), {}, facts);
    const { apiVersion, kind } = IPSecConnection;
    const metadata = { name: "c1" };
    const object = { apiVersion, kind, metadata, status: { paths: entries } } as KubeObject;
    const writing = made.api.client().apply(IPSecConnection, object, "ipman-agent", "status");
    await pass(100);
    await writing;
    await made.settle();
    const [stated] = made.api.all(IPSecConnection) as { status?: Partial<AgentStatus> }[];
    const byName = (all: readonly StatedPath[] = []) =>
      all.toSorted((x, y) => (x.name < y.name ? -1 : 1));
    assert.deepEqual(byName(stated?.status?.paths), byName(entries));
    const { length } = made.api.written;
    await made.settle();
    assert.equal(made.api.written.length, length, "nothing changed");
  });

  it("keeps the entries while the manifest is invalid", async () => {
    const made = agents(statusWith([pathOn("main", "a")], true));
    await made.settle();
    const problems = [{ source: "c1", path: "spec.name", message: "wrong" }];
    made.shown[0] = { ...statusWith([]), problems };
    await made.settle();
    assert.deepEqual(made.paths(), ["main on a established"]);
  });

  it("is not in the part that the agent that leads writes about the connection", () => {
    const facts = { generation: 1, now: "2026-01-01T00:00:00Z", mtuOf: () => undefined };
    const active = pathOn("main", "a", { role: "active" });
    const led = agentStatus(statusWith([active], true), {}, facts);
    assert.deepEqual([led.activePath, led.paths], ["main", undefined]);
    const alone = agentStatus(statusWith([active]), {}, facts);
    assert.deepEqual(
      alone.paths?.map(({ name }) => name),
      ["main"],
    );
  });
});
