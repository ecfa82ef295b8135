import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { countedArguments, countPings, noneLost } from "../../sites/pings.ts";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster, NodeName } from "../cluster.ts";
import { walkThrough } from "../manifests.ts";
import { Workload } from "../workload.ts";

const system = ["-n", "ipman-system"] as const;
const hour = 3_600;
const day = 24 * hour;
/** A kubelet whose API server was unavailable retries after up to a minute. */
const patienceMs = 100_000;
const patience = `--timeout=${patienceMs / 1_000}s`;
/** The number of pings that the machines send while a pod is replaced. */
const pingCount = 600;

/**
 * Changes of the nodes' clocks while everything runs. node-a has charon, its agent and the gateway,
 * and node-b the workers; an operator runs on both. The API server's clock stays right.
 */
export function clockScenarios(cluster: () => LabCluster): void {
  describe("clocks of nodes", () => {
    const kubectl = (...args: string[]) => cluster().kubectl(...args);
    const operators = () => {
      // The old replicas answer the API server until they end; then none answers for a moment.
      kubectl("delete", "pods", ...system, "-l", "app=ipman-controller", patience);
      kubectl("rollout", "status", ...system, "deployment/ipman-operator", patience);
    };
    const agent = () =>
      kubectl("delete", "pods", ...system, "-l", "ipman.dialo.ai/type=agent", "--wait=false");
    const apiServer = async () => {
      await cluster().plane.stop("kube-apiserver");
      cluster().plane.startApiServer();
      await cluster().plane.answers();
    };

    /** Sets a node's clock ahead of this machine's, by a number of seconds. */
    const setClock = (node: NodeName, ahead: number) =>
      cluster().nodes[node].sh(`date -s @${Date.now() / 1_000 + ahead}`);

    async function setClocks(ahead: number): Promise<void> {
      await setClock("node-a", ahead);
      await setClock("node-b", -ahead);
    }

    /** The SAs, by the SPIs that both ends have. */
    const associations = async () => ({
      ike: await cluster().peer.sh(
        "swanctl --list-sas --ike example --uri unix:///run/peer.vici | grep -oE '[0-9a-f]{16}_[ir]' | sort",
      ),
      esp: await cluster().nodes["node-a"].sh("ip xfrm state | grep -oE 'spi 0x[0-9a-f]+' | sort"),
    });

    const workers = () => Workload.started(cluster(), "work");
    let spis: Awaited<ReturnType<typeof associations>>;

    before(async () => {
      spis = await associations();
      assert.match(spis.ike, /_r/);
      assert.equal(spis.esp.trim().split("\n").length, 2);
    });
    after(() => setClocks(0));

    /** The API server calls the webhooks: one of them refuses a manifest. */
    const refuses = () => {
      const bad = walkThrough("node-a", { name: "other", localId: "" });
      assert.throws(
        () => cluster().apply({ ...bad, metadata: { name: "other" } }),
        /spec\.localId/,
      );
    };

    /** Replaces a worker. The pool has an address per worker: the next pod needs the same one. */
    async function replaceOneOf([kept, replaced]: Workload[]): Promise<void> {
      assert.ok(kept !== undefined && replaced !== undefined);
      const { address } = replaced;
      kubectl("delete", "pod", replaced.name, "--wait=false");
      await eventually(() => {
        const names = workers().map(({ name }) => name);
        assert.equal(names.length, 2);
        assert.ok(!names.includes(replaced.name) && names.includes(kept.name), names.join());
      }, 60_000);
      const next = workers().find(({ name }) => name !== kept.name);
      assert.equal(next?.address, address);
      await eventually(() => assert.equal(next.answered("10.0.1.1", "-c", "1"), 1), 20_000);
    }

    function keepsAll(title: string, ahead: number, restart: () => unknown): void {
      it(title, async () => {
        const [kept, other] = workers() as [Workload, Workload];
        const ping = ["ping", ...countedArguments(pingCount, kept.address)].join(" ");
        const pinged = cluster().peer.sh(`${ping} || true`);
        await pause(500);
        await setClocks(ahead);
        await restart();
        await eventually(refuses, patienceMs, 500);
        await replaceOneOf([kept, other]);
        assert.deepEqual(countPings(await pinged), noneLost(pingCount));
        assert.deepEqual(await associations(), spis);
      });
    }

    const both = "keep every SA and assign no address twice";
    keepsAll(`three hours apart ${both}, while operators restart`, 3 * hour, operators);
    keepsAll(`three hours apart the other way ${both}, while the agent restarts`, -3 * hour, agent);
    keepsAll(`ten days apart ${both}, while the API server restarts`, 10 * day, apiServer);
    keepsAll(`ten days apart the other way ${both}, while all restart`, -10 * day, async () => {
      agent();
      await apiServer();
      operators();
    });
    keepsAll(`that are corrected ${both}`, 0, operators);
  });
}
