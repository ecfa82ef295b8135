import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "../../sites/shell.ts";
import { settled } from "../lost.ts";
import { restrictedNamespace, restrictedPod } from "../manifests.ts";
import { behind, greeterPort } from "../partner.ts";
import type { LossLab } from "../two-gateways.ts";
import { Workload } from "../workload.ts";

const namespace = "callers";
const script = join(import.meta.dirname, "../../sites/calls.ts");

/** The bounds of the time between two answers: with an operator that leads, and until another one leads. */
const ledMs = 5_000;
const leaseMs = 30_000;

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: {
    name: "partner",
    namespace,
    annotations: {
      "ipman.dialo.ai/ipmanName": "example-connection",
      "ipman.dialo.ai/childName": "example-child",
      "ipman.dialo.ai/poolName": "services",
      "ipman.dialo.ai/remote": behind,
    },
  },
  spec: { ports: [{ name: "greeting", port: 5432, targetPort: greeterPort }] },
};

/** The result of `calls.ts`. */
interface Calls {
  readonly answered: number;
  readonly failed: number;
  readonly gapMs: number;
  readonly answers: readonly string[];
}

/**
 * A Service that leads to the partner, while the gateway moves and the active node is lost; also with the
 * operator that leads, which takes a minute more.
 */
export function remoteServiceLossScenarios(
  lab: () => LossLab,
  { alsoWithoutLeader = false } = {},
): void {
  describe("a Service that leads to the partner by two nodes", () => {
    let netns: string;
    let address: string;
    const kubectl = (...args: string[]) =>
      lab()
        .cluster.kubectl(...args)
        .trim();
    /** The node of the operator that leads. */
    const leader = () => {
      const holder = ["get", "lease", "-n", "ipman-system", "-o", "json"];
      const { items } = JSON.parse(kubectl(...holder)) as {
        items: { metadata: { name: string }; spec: { holderIdentity?: string } }[];
      };
      const names = items.flatMap(({ spec }) => spec.holderIdentity ?? []);
      const pods = ["get", "pods", "-n", "ipman-system", "-o"];
      const table = "jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName}{'\\n'}{end}";
      const found = kubectl(...pods, table)
        .split("\n")
        .map((line) => line.split(" "))
        .find(([pod = ""]) => names.some((name) => name.includes(pod)));
      return { pod: found?.[0] ?? "", node: found?.[1] ?? "" };
    };
    /** Has the operator on a node lead. */
    const leads = (node: string) =>
      eventually(
        () => {
          const now = leader();
          if (now.node !== node && now.pod !== "")
            kubectl("delete", "pod", now.pod, "-n", "ipman-system", "--timeout=60s");
          assert.equal(leader().node, node);
        },
        120_000,
        3_000,
      );
    /** Calls from the pod, without the API server, while something happens. */
    async function underCalls(seconds: number, act: () => unknown): Promise<Calls> {
      const node = lab().cluster.nodes["node-b"];
      const output = node.sh(`nsenter --net=${netns} node ${script} ${address} 5432 ${seconds}`);
      await pause(3_000);
      await act();
      const calls = JSON.parse(await output) as Calls;
      process.stdout.write(`      ${JSON.stringify(calls)}\n`);
      for (const answer of calls.answers) assert.equal(answer, "behind 10.0.2.8");
      return calls;
    }
    const powerOff = () => lab().cluster.nodes["node-a"].powerOff();
    async function rejoins(): Promise<void> {
      const { cluster, paths } = lab();
      const node = cluster.nodes["node-a"];
      node.powerOn();
      await node.answers();
      await cluster.ready();
      await paths.rolesAre("main reserve standby active");
      await paths.isReady("main");
    }

    before(async () => {
      // The pod is on the node that stays.
      const caller = restrictedPod(namespace, { nodeName: "node-b" });
      lab().cluster.apply(restrictedNamespace(namespace), service, caller);
      kubectl("wait", "--for=condition=Ready", "pod/caller", "-n", namespace, "--timeout=60s");
      address = kubectl(
        "get",
        "service/partner",
        "-n",
        namespace,
        "-o",
        "jsonpath={.spec.clusterIP}",
      );
      netns = await new Workload(lab().cluster, "caller", namespace).networkNamespace("node-b");
      const ready = "--for=condition=ipman.dialo.ai/Ready";
      kubectl("wait", ready, "service/partner", "-n", namespace, "--timeout=60s");
    });
    after(() => {
      kubectl("delete", "namespace", namespace, "--ignore-not-found", "--timeout=90s");
    });

    it(
      "answers while the gateway moves to the other node and back",
      { timeout: 200_000 },
      async () => {
        await settled(lab());
        for (const path of ["reserve", "main"]) {
          const { answered, gapMs } = await underCalls(10, () => {
            const { output, status } = lab().paths.move(path);
            assert.equal(status, 0, output);
          });
          assert.ok(answered > 20, `${answered} answers`);
          assert.ok(gapMs <= ledMs, `${gapMs} ms`);
          await eventually(() => assert.equal(lab().paths.field("activePath"), path), 30_000);
          await lab().paths.isReady(path === "main" ? "reserve" : "main");
        }
      },
    );

    it("answers again soon after the active node is lost", { timeout: 300_000 }, async () => {
      await settled(lab());
      await leads("node-b");
      const { gapMs } = await underCalls(15, powerOff);
      assert.ok(gapMs <= ledMs, `${gapMs} ms`);
      await rejoins();
    });

    if (!alsoWithoutLeader) return;
    it(
      "answers once another operator leads if that of the lost node did",
      { timeout: 400_000 },
      async () => {
        await settled(lab());
        await leads("node-a");
        const { gapMs } = await underCalls(40, powerOff);
        assert.ok(gapMs <= leaseMs, `${gapMs} ms`);
        await rejoins();
      },
    );
  });
}
