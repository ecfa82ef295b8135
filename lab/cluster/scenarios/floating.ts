import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { countedArguments, countPings, noneLost, type Pinged } from "../../sites/pings.ts";
import { eventually, ip } from "../../sites/shell.ts";
import { type LabCluster, type NodeName } from "../cluster.ts";
import { walkThrough } from "../manifests.ts";
import { configurePeer, examplePeer } from "../peer.ts";
import { Workload } from "../workload.ts";

/** The only address of ours that the partner knows. */
const floating = "192.168.1.9";

const target = "10.0.1.1";

/** The machines send about two thirds of this rate. */
const pingsPerSecond = 100;

const nodeNames = ["node-a", "node-b"] as const;

/** A connection whose two paths, on two nodes, have one address for the partner. */
export function floatingScenarios(cluster: () => LabCluster): void {
  describe("one address for the partner, on one of two nodes", () => {
    const paths = [{ name: "main" }, { name: "reserve", nodeName: "node-b" }];
    const spec = (changes: object = {}) => ({
      localAddr: "%any",
      localId: floating,
      paths,
      failover: { failback: "never", floatingAddr: `${floating}/24` },
      ...changes,
    });
    const connection = ["get", "ipsecconnection", "example-connection"];
    const field = (path: string) =>
      cluster().kubectl(...connection, "-o", `jsonpath={.status.${path}}`);
    const isActive = (path: string) =>
      eventually(() => {
        assert.equal(field("activePath"), path);
        assert.equal(field('conditions[?(@.type=="Established")].status'), "True");
      }, 60_000);
    const has = async (node: NodeName) =>
      (await cluster().nodes[node].sh("ip -br -4 addr show")).includes(`${floating}/`);
    const holders = async () => {
      const held = await Promise.all(nodeNames.map(has));
      return nodeNames.filter((_, i) => held[i]);
    };
    const isHeldBy = (...nodes: readonly NodeName[]) =>
      eventually(async () => assert.deepEqual(await holders(), nodes), 30_000, 200);
    const move = (path: string) => {
      const { output, status } = cluster().plugin("move", "example-connection", path);
      assert.equal(status, 0, output);
    };
    /** The partner's IKE SAs with the address: the former one must end without a wait for its DPD. */
    const partnersSas = async () =>
      (await cluster().peer.sh("swanctl --list-sas --uri unix:///run/peer.vici"))
        .split("\n")
        .filter((line) => line.includes("remote ") && line.includes(`@ ${floating}[`)).length;
    let pod: Workload;
    let netns: string;

    before(async () => {
      [pod] = Workload.of(cluster(), "work") as [Workload];
      netns = await pod.networkNamespace("node-b");
      ip("link add cut1 type bridge");
    });
    after(() => {
      ip("link set tap-node-a master lab0");
      ip("link del cut1");
    });

    /** Pings from a pod, and from the partner to the pod, while something happens. */
    async function underPings(seconds: number, act: () => unknown): Promise<Pinged> {
      const options = (to: string) => countedArguments(seconds * pingsPerSecond, to).join(" ");
      const command = `nsenter --net=${netns} ping ${options(target)} || true`;
      const ours = cluster().nodes["node-b"].sh(command);
      const theirs = cluster().peer.sh(`ping ${options(pod.address)} || true`);
      await pause(1_500);
      await act();
      const [pinged, back] = [countPings(await ours), countPings(await theirs)];
      process.stdout.write(
        `      ${pinged.lost.length} of ${pinged.sent} lost, ${back.lost.length} of ${back.sent} of the partner's\n`,
      );
      return pinged;
    }

    const carries = () =>
      eventually(() => assert.equal(pod.answered(target, "-c", "3", "-i", "0.1"), 3), 60_000);

    it("is that of the preferred path, and no other address is used", async () => {
      await configurePeer(cluster(), [{ ...examplePeer, remoteId: floating, accepts: floating }]);
      cluster().apply(walkThrough("node-a", spec()));
      await isActive("main");
      await isHeldBy("node-a");
      await carries();
      const { output } = cluster().plugin("describe", "example-connection");
      assert.match(output, /address +192\.168\.1\.9\/24 on this node/);
    });

    it("moves to the other node and back by a command", { timeout: 240_000 }, async () => {
      // The device of a pod of before knows one gateway alone.
      cluster().kubectl("delete", "pods", "-l", "app=work");
      [pod] = Workload.started(cluster(), "work") as [Workload];
      netns = await pod.networkNamespace("node-b");
      await carries();
      for (const [path, node] of [
        ["reserve", "node-b"],
        ["main", "node-a"],
        ["reserve", "node-b"],
        ["main", "node-a"],
      ] as const) {
        const pinged = await underPings(6, () => move(path));
        assert.ok(pinged.lost.length <= 30, `${pinged.lost.length}: ${pinged.lost[0]}`);
        await isActive(path);
        await isHeldBy(node);
        // The partner may have both for a moment.
        await eventually(async () => assert.equal(await partnersSas(), 1), 10_000);
        await carries();
      }
    });

    it("stays while the agent of its node restarts", async () => {
      const pods = ["pods", "-n", "ipman-system", "-l", "ipman.dialo.ai/type=agent"];
      const on = ["--field-selector", "spec.nodeName=node-a", "--wait=false"];
      const pinged = await underPings(12, () => cluster().kubectl("delete", ...pods, ...on));
      assert.deepEqual(pinged, noneLost(pinged.sent));
      await isHeldBy("node-a");
      await isActive("main");
    });

    it("is taken by the second node when the first one is lost", async () => {
      const pinged = await underPings(15, () => ip("link set tap-node-a master cut1"));
      await eventually(() => assert.equal(field("activePath"), "reserve"), 60_000);
      assert.ok(await has("node-b"));
      assert.ok(pinged.lost.length <= 100, `${pinged.lost.length} of ${pinged.sent} lost`);
    });

    it("stays there when the first node is back, which gives it up", async () => {
      const pinged = await underPings(20, () => ip("link set tap-node-a master lab0"));
      await isHeldBy("node-b");
      await cluster().ready();
      await isActive("reserve");
      await carries();
      // Both nodes have the address until the agent of the first one hears the other.
      assert.ok(pinged.lost.length <= 100, `${pinged.lost.length} of ${pinged.sent} lost`);
    });

    it("leaves a node that is cordoned", async () => {
      try {
        const pinged = await underPings(10, () => cluster().kubectl("cordon", "node-b"));
        assert.ok(pinged.lost.length <= 30, `${pinged.lost.length} of ${pinged.sent} lost`);
        await isActive("main");
        await isHeldBy("node-a");
      } finally {
        cluster().kubectl("uncordon", "node-b");
      }
    });

    it("is taken from all nodes when it is declared no more", async () => {
      await configurePeer(cluster(), [examplePeer]);
      cluster().apply(walkThrough("node-a"));
      await isHeldBy();
      await eventually(() => assert.equal(field("paths"), ""), 30_000);
      await carries();
    });
  });
}
