import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { noneLost } from "../../sites/pings.ts";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { renamed, walkThrough, walkThroughChild, workload } from "../manifests.ts";
import { configurePeer, examplePeer } from "../peer.ts";
import { Workload } from "../workload.ts";

const children = {
  "child-4": walkThroughChild(4, { name: "child-4" }),
  "child-6": walkThroughChild(6, { name: "child-6" }),
};
const attachments = ["child-4", "child-6"].map((childName) => ({
  ipmanName: "several",
  childName,
  poolName: "primary",
}));
const identities = { localId: "node.several", remoteId: "peer.several" };

/** A Deployment whose pod joins two children. */
export function attachmentScenarios(cluster: () => LabCluster): void {
  describe("a pod with two attachments", () => {
    after(async () => {
      const kubectl = (...args: string[]) => cluster().kubectl(...args, "--ignore-not-found");
      kubectl("delete", "deployment", "both", "--timeout=60s");
      kubectl("delete", "ipsecconnection", "several");
      await configurePeer(cluster(), [examplePeer]);
    });

    it("reaches both networks of the peer, and is reached from them", async () => {
      await configurePeer(cluster(), [
        examplePeer,
        {
          name: "several",
          localId: identities.remoteId,
          remoteId: identities.localId,
          secret: "yourpresharedkey",
          children: [
            { name: "child-4", local: "10.0.3.0/24", remote: "10.0.4.0/24" },
            { name: "child-6", local: "10.0.5.0/24", remote: "10.0.6.0/24" },
          ],
        },
      ]);
      const changes = { name: "several", ...identities, children };
      cluster().apply(
        renamed("several", walkThrough("node-a", changes)),
        workload({ name: "both", node: "node-b", replicas: 1, attachments }),
      );
      const wait = ["wait", "--for=condition=Ready", "--timeout=60s"];
      cluster().kubectl(...wait, "ipsecconnection/several");
      const [pod] = Workload.started(cluster(), "both") as [Workload];
      assert.equal(pod.sh("echo $VXLAN_IP $VXLAN_IPS").trim(), "10.0.4.3 10.0.4.3,10.0.6.3");
      for (const peer of ["10.0.3.1", "10.0.5.1"]) {
        await eventually(() => assert.equal(pod.answered(peer, "-c", "1"), 1));
        assert.deepEqual(await pod.pings(50, peer), noneLost(50));
      }
      for (const own of ["10.0.4.3", "10.0.6.3"])
        await cluster().peer.sh(`ping -c 3 -i 0.2 -W 1 ${own}`);
    });

    it("is a worker of both children for kubectl ipman", () => {
      const { output } = cluster().plugin("describe", "several");
      assert.match(output, /worker +10\.0\.4\.3\S* +default\/both-/);
      assert.match(output, /worker +10\.0\.6\.3\S* +default\/both-/);
    });

    it("releases both addresses when it is deleted", async () => {
      const free = () =>
        cluster().kubectl("get", "ipsecconnection", "several", "-o", "jsonpath={.status.freeIps}");
      await eventually(() => assert.doesNotMatch(free(), /10\.0\.[46]\.3\//), 20_000, 250);
      cluster().kubectl("delete", "deployment", "both", "--timeout=60s");
      await eventually(
        () => {
          assert.match(free(), /10\.0\.4\.3\//);
          assert.match(free(), /10\.0\.6\.3\//);
        },
        30_000,
        250,
      );
    });

    it("is refused if it requests a child twice, with the entry at fault", () => {
      const twice = JSON.stringify([...attachments, ...attachments.slice(0, 1)]);
      const metadata = {
        name: "twice",
        namespace: "default",
        annotations: { "ipman.dialo.ai/attachments": twice },
      };
      const spec = { containers: [{ name: "main", image: "lab:dev" }] };
      assert.throws(
        () => cluster().apply({ apiVersion: "v1", kind: "Pod", metadata, spec }),
        /ipman\.dialo\.ai\/attachments\[2\]: the child several\/child-4 is requested by ipman\.dialo\.ai\/attachments\[0\]/,
      );
    });
  });
}
