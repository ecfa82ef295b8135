import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { noneLost } from "../../sites/pings.ts";
import { eventually } from "../../sites/shell.ts";
import { addresses, type LabCluster } from "../cluster.ts";
import { walkThrough, walkThroughChild, workload } from "../manifests.ts";
import { configurePeer, examplePeer } from "../peer.ts";
import { Workload } from "../workload.ts";

const six = {
  name: "six",
  extra: { esp_proposals: "aes256-sha256-ecp256" },
  local_ips: ["fd00:a0:6::/64"],
  remote_ips: ["fd00:a1::/64"],
  xfrm_ip: "fd00:a0:6::1/64",
  vxlan_ip: "fd00:a0:6::2/64",
  if_id: 106,
  ip_pools: { primary: ["fd00:a0:6::10-fd00:a0:6::1f/64"] },
};

/** A second connection, on another node, whose charon is on the pod network. */
export function groupScenarios(cluster: () => LabCluster): void {
  describe("a CharonGroup on the pod network", () => {
    after(() => {
      for (const name of ["four", "six"])
        cluster().kubectl("delete", "deployment", name, "--ignore-not-found", "--timeout=60s");
      cluster().kubectl("delete", "ipsecconnection", "grouped", "--ignore-not-found");
      cluster().kubectl(
        "delete",
        "charongroup",
        "pods",
        "-n",
        "default",
        "--ignore-not-found",
        "--wait=false",
      );
    });

    it("runs a connection beside the other node's, with IPv6, and with keys that differ from names", async () => {
      await configurePeer(cluster(), [
        examplePeer,
        {
          name: "grouped",
          localId: "peer.example",
          remoteId: "pods.example",
          secret: "yourpresharedkey",
          children: [
            { name: "key-of-four", local: "10.0.3.0/24", remote: "10.0.4.0/24" },
            { name: "key-of-six", local: "fd00:a1::/64", remote: "fd00:a0:6::/64" },
          ],
        },
      ]);
      const changes = {
        name: "grouped",
        localAddr: "",
        localId: "pods.example",
        remoteId: "peer.example",
        children: {
          "key-of-four": walkThroughChild(4, { name: "four", if_id: 104 }),
          "key-of-six": six,
        },
        groupRef: { namespace: "default", name: "pods" },
      };
      const { nodeName: _, ...spec } = walkThrough("", changes).spec;
      cluster().apply(
        {
          apiVersion: "ipman.dialo.ai/v1",
          kind: "CharonGroup",
          metadata: { name: "pods", namespace: "default" },
          spec: {
            hostNetwork: false,
            nodeName: "node-b",
            charonImage: "legacy",
            charonExtraAnnotations: { "example.org/network": "wan" },
          },
        },
        { ...walkThrough(""), metadata: { name: "grouped" }, spec },
      );
      cluster().kubectl(
        "wait",
        "--for=condition=Ready",
        "--timeout=90s",
        "ipsecconnection/grouped",
      );
      const [charon = ""] = cluster()
        .kubectl(
          "get",
          "pods",
          "-n",
          "ipman-system",
          "-l",
          "ipman.dialo.ai/type=charon,ipman.dialo.ai/group=pods",
          "-o",
          "jsonpath={.items[*].status.podIP} {.items[*].metadata.annotations}",
        )
        .split("\n");
      assert.match(charon, /^10\.244\.2\.\d+ .*"example\.org\/network":"wan"/);
      assert.notEqual(charon, addresses.nodeB);
    });

    it("attaches its workloads by a child's name or its key", async () => {
      cluster().apply(
        workload({
          name: "four",
          node: "node-a",
          replicas: 1,
          connection: "grouped",
          child: "key-of-four",
        }),
        workload({
          name: "six",
          node: "node-a",
          replicas: 1,
          connection: "grouped",
          child: "six",
        }),
      );
      for (const [app, address] of [
        ["four", "10.0.3.1"],
        ["six", "fd00:a1::1"],
      ] as const) {
        const [pod] = Workload.started(cluster(), app) as [Workload];
        await eventually(
          () => assert.equal(pod.answered(address, "-c", "3", "-i", "0.1"), 3),
          20_000,
        );
      }
    });

    it("continues after its charon, and with it the network namespace, is replaced", async () => {
      const [pod] = Workload.of(cluster(), "four") as [Workload];
      const selector = "ipman.dialo.ai/type=charon,ipman.dialo.ai/group=pods";
      cluster().kubectl("delete", "pods", "-n", "ipman-system", "-l", selector);
      await eventually(
        () => assert.equal(pod.answered("10.0.3.1", "-c", "3", "-i", "0.1"), 3),
        60_000,
      );
    });

    it("reports in its status that charon and agent run", () => {
      const wait = ["wait", "--for=condition=Ready", "--timeout=30s"];
      cluster().kubectl(...wait, "charongroup/pods", "-n", "default");
      const shown = cluster().kubectl("get", "charongroup", "-n", "default");
      assert.match(shown, /pods +True +node-b/);
    });

    it("creates deleted Deployments again", async () => {
      const ofGroup = ["deployments", "-n", "ipman-system", "-l", "ipman.dialo.ai/group=pods"];
      const list = () =>
        cluster()
          .kubectl("get", ...ofGroup, "-o", "name")
          .trim()
          .split("\n");
      const before = list();
      assert.ok(before.length === 4, before.join(", "));
      cluster().kubectl("delete", ...ofGroup);
      await eventually(() => assert.deepEqual(list(), before), 20_000, 250);
      const [pod] = Workload.of(cluster(), "four") as [Workload];
      await eventually(
        () => assert.equal(pod.answered("10.0.3.1", "-c", "3", "-i", "0.1"), 3),
        60_000,
        500,
      );
    });

    it("does not affect the other node's connection", async () => {
      const [pod] = Workload.of(cluster(), "work") as [Workload];
      assert.deepEqual(await pod.pings(10, "10.0.1.1"), noneLost(10));
    });
  });
}
