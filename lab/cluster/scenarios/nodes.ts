import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { countedArguments, countPings, noneLost, type Pinged } from "../../sites/pings.ts";
import { eventually, ip } from "../../sites/shell.ts";
import { addresses, type LabCluster, type NodeName } from "../cluster.ts";
import { walkThrough } from "../manifests.ts";
import { configurePeer, examplePeer } from "../peer.ts";
import { Workload } from "../workload.ts";

const reserve = {
  name: "reserve",
  nodeName: "node-b",
  localAddr: addresses.nodeB,
  localId: addresses.nodeB,
};
const paths = [{ name: "main" }, reserve];
const target = "10.0.1.1";

/** The machines send about two thirds of this rate. */
const pingsPerSecond = 100;

/** A connection whose two paths are on two nodes. */
export function nodeScenarios(cluster: () => LabCluster): void {
  describe("a connection with paths on two nodes", () => {
    const connection = ["get", "ipsecconnection", "example-connection"];
    const field = (path: string) =>
      cluster().kubectl(...connection, "-o", `jsonpath={.status.${path}}`);
    const rolesAre = (...roles: string[]) =>
      eventually(() => assert.equal(field("paths[*]['name','role']"), roles.join(" ")), 30_000);
    const isReady = (path: string) =>
      eventually(() => {
        const state = field(`paths[?(@.name=="${path}")].state`);
        assert.equal(state, "established", `${path}: ${state}`);
        const redundant = field('conditions[?(@.type=="Redundant")].status');
        assert.equal(redundant, "True");
      }, 60_000);
    const sas = async (node: NodeName) =>
      (await cluster().nodes[node].sh("ip xfrm state | grep -c '^src' || true")).trim();
    const move = (path: string) => cluster().plugin("move", "example-connection", path);
    let pod: Workload;
    let netns: string;

    before(async () => {
      [pod] = Workload.of(cluster(), "work") as [Workload];
      netns = await pod.networkNamespace("node-b");
      // A bridge that is down drops what its ports send.
      ip("link add cut0 type bridge");
    });
    after(() => {
      ip("link set tap-node-a master lab0");
      ip("link del cut0");
    });

    /** Pings from the pod's namespace, without the API server, while something happens. */
    async function underPings(seconds: number, act: () => unknown): Promise<Pinged> {
      const options = countedArguments(seconds * pingsPerSecond, target).join(" ");
      const ping = `nsenter --net=${netns} ping ${options} || true`;
      const output = cluster().nodes["node-b"].sh(ping);
      await pause(1_500);
      await act();
      const pinged = countPings(await output);
      process.stdout.write(`      ${pinged.lost.length} of ${pinged.sent} lost\n`);
      return pinged;
    }

    const carries = () =>
      eventually(() => assert.equal(pod.answered(target, "-c", "3", "-i", "0.1"), 3), 60_000);

    it("gets a gateway and an IKE SA on the second node without a loss", async () => {
      const other = { ...examplePeer, name: "reserve", remoteId: addresses.nodeB };
      await configurePeer(cluster(), [examplePeer, other]);
      await carries();
      const pinged = await underPings(20, () => {
        cluster().apply(walkThrough("node-a", { paths, failover: { failback: "never" } }));
      });
      assert.deepEqual(pinged, noneLost(pinged.sent));
      await rolesAre("main reserve active standby");
      await isReady("reserve");
      // A warm standby has no CHILD SA.
      assert.equal(await sas("node-b"), "0");
    });

    it("is shown by kubectl, with the node of each path", () => {
      assert.equal(field("activePath"), "main");
      assert.equal(field("paths[*].node"), "node-a node-b");
      const { output, status } = cluster().plugin("status");
      assert.equal(status, 0, output);
      assert.match(output, /path main \(active\) on node-a +established/);
      assert.match(output, /path reserve \(warm\) on node-b +established/);
    });

    const stations = [
      ["reserve", "standby active"],
      ["main", "active standby"],
    ] as const;

    async function moved(count: number, mostLost: number): Promise<void> {
      for (const [path, roles] of Array.from({ length: count }).flatMap(() => stations)) {
        const pinged = await underPings(5, () => {
          const { output, status } = move(path);
          assert.equal(status, 0, output);
        });
        assert.ok(pinged.lost.length <= mostLost, `${pinged.lost.length}: ${pinged.lost[0]}`);
        await rolesAre(`main reserve ${roles}`);
        await isReady(path === "main" ? "reserve" : "main");
        await carries();
      }
    }

    it("is moved to the other node and back", async () => {
      // Pods of before know one gateway alone: answers on their way through the former one are lost.
      await moved(1, 20);
    });

    it(
      "loses no ping of pods that started since in planned moves",
      { timeout: 300_000 },
      async () => {
        cluster().kubectl("delete", "pods", "-l", "app=work");
        [pod] = Workload.started(cluster(), "work") as [Workload];
        netns = await pod.networkNamespace("node-b");
        await carries();
        await moved(3, 0);
      },
    );

    it("loses nothing when the agent of the active path restarts, and stays there", async () => {
      const pods = ["pods", "-n", "ipman-system", "-l", "ipman.dialo.ai/type=agent"];
      const on = ["--field-selector", "spec.nodeName=node-a", "--wait=false"];
      const pinged = await underPings(12, () => cluster().kubectl("delete", ...pods, ...on));
      assert.deepEqual(pinged, noneLost(pinged.sent));
      await eventually(() => {
        const wait = ["wait", "-n", "ipman-system", "--for=condition=Available", "--timeout=1s"];
        cluster().kubectl(...wait, "deployments", "--all");
      }, 60_000);
      await rolesAre("main reserve active standby");
      await isReady("reserve");
    });

    it("is carried by the second node about a second after the first one is lost", async () => {
      const pinged = await underPings(15, () => ip("link set tap-node-a master cut0"));
      await eventually(() => assert.equal(field("activePath"), "reserve"), 60_000);
      assert.ok(pinged.lost.length <= 100, `${pinged.lost.length} of ${pinged.sent} lost`);
    });

    it("stays on the second node when the first one is back, which stands by", async () => {
      const pinged = await underPings(20, () => ip("link set tap-node-a master lab0"));
      assert.ok(pinged.lost.length <= 5, `${pinged.lost.length} of ${pinged.sent} lost`);
      await cluster().ready();
      await rolesAre("main reserve standby active");
      await isReady("main");
    });

    it("needs no API server for a takeover", { timeout: 400_000 }, async () => {
      assert.equal(move("main").status, 0);
      await rolesAre("main reserve active standby");
      await isReady("reserve");
      let pinged: Pinged;
      try {
        pinged = await underPings(15, async () => {
          await cluster().plane.stop("kube-apiserver");
          ip("link set tap-node-a master cut0");
        });
      } finally {
        ip("link set tap-node-a master lab0");
        cluster().plane.startApiServer();
        await cluster().plane.answers();
      }
      assert.ok(pinged.lost.length <= 100, `${pinged.lost.length} of ${pinged.sent} lost`);
      await cluster().ready();
      await rolesAre("main reserve standby active");
      await isReady("main");
    });

    it("leaves a node that is drained, and returns when it is uncordoned", async () => {
      const drain = ["--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=60s"];
      try {
        const pinged = await underPings(25, () => cluster().kubectl("drain", "node-a", ...drain));
        assert.ok(pinged.lost.length <= 20, `${pinged.lost.length} lost: ${pinged.lost[0]}`);
        await rolesAre("main reserve standby active");
        // The pods of ipman are back on the cordoned node.
        await isReady("main");
        await carries();
      } finally {
        cluster().kubectl("uncordon", "node-a");
      }
      await cluster().ready();
      assert.equal(move("main").status, 0);
      await rolesAre("main reserve active standby");
      await isReady("reserve");
      await carries();
    });

    it("moves to the other node when charon of the active path is replaced", async () => {
      const charon = ["-n", "ipman-system", "-l", "ipman.dialo.ai/type=charon"];
      const on = ["--field-selector", "spec.nodeName=node-a", "--wait=false"];
      const pinged = await underPings(12, () =>
        cluster().kubectl("delete", "pods", ...charon, ...on),
      );
      assert.ok(pinged.lost.length <= 20, `${pinged.lost.length} lost: ${pinged.lost[0]}`);
      await rolesAre("main reserve standby active");
      await isReady("main");
      assert.equal(move("main").status, 0);
      await rolesAre("main reserve active standby");
      await isReady("reserve");
    });

    it("returns to one path on its node", async () => {
      assert.equal(move("main").status, 0);
      await rolesAre("main reserve active standby");
      cluster().apply(walkThrough("node-a"));
      await eventually(() => assert.equal(field("paths"), ""), 30_000);
      await carries();
      await configurePeer(cluster(), [examplePeer]);
      const gateways = ["get", "deployments", "-n", "ipman-system", "-o", "name"];
      const ofReserve = ["-l", "ipman.dialo.ai/type=xfrm"];
      await eventually(
        () =>
          assert.equal(
            cluster()
              .kubectl(...gateways, ...ofReserve)
              .match(/gateway-example-connection/g)?.length,
            1,
          ),
        60_000,
      );
      await carries();
    });
  });
}
