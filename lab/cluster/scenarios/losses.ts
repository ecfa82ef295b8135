import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "../../sites/shell.ts";
import { countedArguments, countPings, noneLost } from "../../sites/pings.ts";
import type { LabCluster } from "../cluster.ts";
import { Workload } from "../workload.ts";

/** The intended rate; machines of User-Mode Linux send about two thirds of it. */
const pingsPerSecond = 100;

/** The pings, one every 10 ms, that are lost when a component stops. */
export function lossScenarios(cluster: () => LabCluster): void {
  describe("pings through a tunnel", () => {
    let pod: Workload;

    before(() => {
      [pod] = Workload.of(cluster(), "work") as [Workload];
    });

    const remove = (selector: string) =>
      cluster().kubectl("delete", "pods", "-n", "ipman-system", "--wait=false", "-l", selector);

    const isWhole = () =>
      eventually(
        () => {
          const wait = ["wait", "-n", "ipman-system", "--for=condition=Available", "--timeout=1s"];
          cluster().kubectl(...wait, "deployments", "--all");
          assert.equal(pod.answered("10.0.1.1", "-c", "5", "-i", "0.05"), 5);
        },
        60_000,
        500,
      );

    /** Asserts that `harm` and its repair lose at most the pings of `atMost` seconds. */
    async function loses(atMost: number, seconds: number, harm: () => unknown): Promise<void> {
      await isWhole();
      const pinged = pod.pings(seconds * pingsPerSecond, "10.0.1.1");
      await pause(1_500);
      await harm();
      const { sent, lost } = await pinged;
      process.stdout.write(`      ${lost.length} of ${sent} lost\n`);
      assert.equal(sent, seconds * pingsPerSecond);
      const some = lost.slice(0, 5).join("; ");
      assert.ok(lost.length <= atMost * pingsPerSecond, `${lost.length} were lost: ${some}…`);
      await isWhole();
    }

    it("are not lost when the agent's pod is deleted", async () => {
      await loses(0, 10, () => remove("ipman.dialo.ai/type=agent"));
    });

    it("are not lost when every operator's pod is deleted", async () => {
      await loses(0, 10, () => remove("app=ipman-controller"));
    });

    it("are not lost when the node's kubelet restarts", async () => {
      await loses(0, 8, async () => {
        const restart = "kill $(cat /run/node/kubelet.pid); sleep 1; . /run/node/start-kubelet";
        await cluster().nodes["node-a"].sh(restart);
      });
    });

    it("come back when the gateway's pod is deleted, without a restart of the workload", async () => {
      const restarts = () =>
        cluster().kubectl("get", "pod", pod.name, "-o", "jsonpath={..restartCount}");
      const count = restarts();
      await loses(10, 16, () => remove("ipman.dialo.ai/type=xfrm"));
      assert.equal(restarts(), count);
    });

    it("come back when charon's pod is deleted", async () => {
      await loses(12, 18, () => remove("ipman.dialo.ai/type=charon"));
    });

    it(
      "continue for two minutes without an API server, and the status is right afterwards",
      {
        timeout: 300_000,
      },
      async () => {
        await isWhole();
        const awayMs = 120_000;
        const count = (awayMs / 1_000 + 10) * 60;
        const netns = await pod.networkNamespace("node-b");
        const before = restartsOf(cluster());
        // kubectl exec needs the API server, so the node enters the pod's network instead.
        const ping = `nsenter --net=${netns} ping ${countedArguments(count, "10.0.1.1").join(" ")}`;
        const pings = cluster().nodes["node-b"].sh(`${ping} || true`);
        await pause(2_000);
        await cluster().plane.stop("kube-apiserver");
        await pause(awayMs);
        cluster().plane.startApiServer();
        await cluster().plane.answers();
        assert.deepEqual(countPings(await pings), noneLost(count));
        await isWhole();
        // The leader ends, and then waits for the server: Kubernetes reports no crash loop.
        assert.ok(
          restartsOf(cluster()) <= before + 1,
          `${restartsOf(cluster()) - before} restarts`,
        );
        await eventually(() => {
          const wait = ["wait", "--for=condition=Ready", "--timeout=1s"];
          cluster().kubectl(...wait, "ipsecconnection/example-connection");
        }, 60_000);
      },
    );
  });
}

/** The number of container restarts in ipman's namespace. */
function restartsOf(cluster: LabCluster): number {
  const pods = ["get", "pods", "-n", "ipman-system", "-o"];
  const counts = cluster.kubectl(
    ...pods,
    "jsonpath={.items[*].status.containerStatuses[*].restartCount}",
  );
  return counts.split(" ").reduce((sum, count) => sum + Number(count), 0);
}
