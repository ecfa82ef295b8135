import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Pinged } from "../../sites/pings.ts";
import { eventually, ip } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { walkThrough } from "../manifests.ts";
import { configurePeer, examplePeer } from "../peer.ts";
import { stations, TwoNodes } from "../two-nodes.ts";
import { moveScenarios } from "./moves.ts";

/** A connection whose two paths are on two nodes. */
export function nodeScenarios(cluster: () => LabCluster): void {
  describe("a connection with paths on two nodes", () => {
    const two = new TwoNodes(cluster);

    before(async () => {
      await two.enter();
      // A bridge that is down drops what its ports send.
      ip("link add cut0 type bridge");
    });
    after(() => {
      ip("link set tap-node-a master lab0");
      ip("link del cut0");
    });

    it("gets a gateway and an IKE SA on the second node without a loss", async () => {
      await two.introduce();
      await two.carries();
      const pinged = await two.underPings(20, () =>
        two.declare({ failover: { failback: "never" } }),
      );
      assert.deepEqual(pinged.lost, []);
      await two.rolesAre("main reserve active standby");
      await two.isReady("reserve");
      // A warm standby has no CHILD SA.
      assert.equal(await two.sas("node-b"), 0);
    });

    it("is shown by kubectl, with the node of each path", () => {
      assert.equal(two.field("activePath"), "main");
      assert.equal(two.field("paths[*].node"), "node-a node-b");
      const { output, status } = cluster().plugin("status");
      assert.equal(status, 0, output);
      assert.match(output, /path main \(active\) on node-a +established/);
      assert.match(output, /path reserve \(warm\) on node-b +established/);
    });

    it("is moved to the other node and back", async () => {
      for (const [path, roles] of stations) {
        const pinged = await two.underPings(5, () => {
          const { output, status } = two.move(path);
          assert.equal(status, 0, output);
        });
        // Pods of before know one gateway alone: answers on their way through the former one are lost.
        assert.ok(pinged.lost.length <= 20, `${pinged.lost.length}: ${pinged.lost[0]}`);
        await two.rolesAre(`main reserve ${roles}`);
        await two.isReady(path === "main" ? "reserve" : "main");
        await two.carries();
      }
    });

    moveScenarios(two, 3);

    it("loses nothing when the agent of the active path restarts, and stays there", async () => {
      const pods = ["pods", "-n", "ipman-system", "-l", "ipman.dialo.ai/type=agent"];
      const on = ["--field-selector", "spec.nodeName=node-a", "--wait=false"];
      const pinged = await two.underPings(12, () => cluster().kubectl("delete", ...pods, ...on));
      assert.deepEqual(pinged.lost, []);
      await eventually(() => {
        const wait = ["wait", "-n", "ipman-system", "--for=condition=Available", "--timeout=1s"];
        cluster().kubectl(...wait, "deployments", "--all");
      }, 60_000);
      await two.rolesAre("main reserve active standby");
      await two.isReady("reserve");
    });

    it("is carried by the second node about a second after the first one is lost", async () => {
      const pinged = await two.underPings(15, () => ip("link set tap-node-a master cut0"));
      await eventually(() => assert.equal(two.field("activePath"), "reserve"), 60_000);
      assert.ok(pinged.lost.length <= 100, `${pinged.lost.length} of ${pinged.sent} lost`);
    });

    it("stays on the second node when the first one is back, which stands by", async () => {
      const pinged = await two.underPings(20, () => ip("link set tap-node-a master lab0"));
      // Its gateway may announce itself once more, before its agent hears the other one.
      assert.ok(pinged.lost.length <= 20, `${pinged.lost.length} of ${pinged.sent} lost`);
      await cluster().ready();
      await two.rolesAre("main reserve standby active");
      await two.isReady("main");
    });

    it("needs no API server for a takeover", { timeout: 400_000 }, async () => {
      assert.equal(two.move("main").status, 0);
      await two.rolesAre("main reserve active standby");
      await two.isReady("reserve");
      let pinged: Pinged;
      try {
        pinged = await two.underPings(15, async () => {
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
      await two.rolesAre("main reserve standby active");
      await two.isReady("main");
    });

    it("leaves a node that is drained, and returns when it is uncordoned", async () => {
      const drain = ["--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=60s"];
      try {
        const pinged = await two.underPings(25, () =>
          cluster().kubectl("drain", "node-a", ...drain),
        );
        assert.ok(pinged.lost.length <= 20, `${pinged.lost.length} lost: ${pinged.lost[0]}`);
        await two.rolesAre("main reserve standby active");
        // The pods of ipman are back on the cordoned node.
        await two.isReady("main");
        await two.carries();
      } finally {
        cluster().kubectl("uncordon", "node-a");
      }
      await cluster().ready();
      // Nothing moves to a node before the agents have heard that it is uncordoned.
      await eventually(
        () => {
          const { output, status } = two.move("main");
          assert.equal(status, 0, output);
        },
        30_000,
        1_000,
      );
      await two.rolesAre("main reserve active standby");
      await two.isReady("reserve");
      await two.carries();
    });

    it("moves to the other node when charon of the active path is replaced", async () => {
      const charon = ["-n", "ipman-system", "-l", "ipman.dialo.ai/type=charon"];
      const on = ["--field-selector", "spec.nodeName=node-a", "--wait=false"];
      const pinged = await two.underPings(12, () =>
        cluster().kubectl("delete", "pods", ...charon, ...on),
      );
      assert.ok(pinged.lost.length <= 20, `${pinged.lost.length} lost: ${pinged.lost[0]}`);
      await two.rolesAre("main reserve standby active");
      await two.isReady("main");
      assert.equal(two.move("main").status, 0);
      await two.rolesAre("main reserve active standby");
      await two.isReady("reserve");
    });

    it("returns to one path on its node", async () => {
      assert.equal(two.move("main").status, 0);
      await two.rolesAre("main reserve active standby");
      cluster().apply(walkThrough("node-a"));
      await eventually(() => assert.equal(two.field("paths"), ""), 30_000);
      await two.carries();
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
      await two.carries();
    });
  });
}
