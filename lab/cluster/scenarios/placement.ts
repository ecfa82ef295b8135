import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { walkThrough, walkThroughChild } from "../manifests.ts";

const child = walkThroughChild(8, { name: "placed", if_id: 808 });

/** The conditions of a connection whose pods do not run. */
export function placementScenarios(cluster: () => LabCluster): void {
  describe("the placement of a connection", () => {
    after(() => {
      cluster().kubectl("delete", "ipsecconnection", "placed", "--ignore-not-found");
    });

    const condition = (kind: string, type: string): { status: string; message: string } => {
      const path = `jsonpath={.status.conditions[?(@.type=="${type}")]}`;
      const [resource = "", ...where] = kind.split(" ");
      return JSON.parse(cluster().kubectl("get", resource, ...where, "-o", path)) as never;
    };

    function declare(changes: object): void {
      const all = { name: "placed", remoteId: "absent", children: { placed: child }, ...changes };
      cluster().apply({ ...walkThrough("node-a", all), metadata: { name: "placed" } });
    }

    const says = (type: string, status: string, message: RegExp) =>
      eventually(
        () => {
          const is = condition("ipsecconnection/placed", type);
          assert.equal(is.status, status);
          assert.match(is.message, message);
        },
        30_000,
        250,
      );

    it("is reported with the scheduler's message if the node does not exist", async () => {
      declare({ nodeName: "node-z", remoteAddr: "192.168.1.77" });
      await says("Placed", "False", /pod ipman-system\/\S+ does not run: 0\/2 nodes are available/);
      await says("Ready", "Unknown", /no agent reports the state: pod/);
      const get = (...what: string[]) => cluster().kubectl("get", ...what);
      await eventually(() => assert.match(get("ipsecconnection", "placed"), /placed +Unknown/));
      const event = /Warning +PodsUnavailable +ipsecconnection\/placed/;
      await eventually(() => assert.match(get("events", "-n", "default"), event));
      cluster().kubectl("delete", "ipsecconnection", "placed");
    });

    it("names a CharonGroup that does not exist", async () => {
      const groupRef = { namespace: "default", name: "none" };
      declare({ nodeName: undefined, groupRef });
      await says("Placed", "False", /there is no CharonGroup default\/none/);
      cluster().kubectl("delete", "ipsecconnection", "placed");
    });

    it("names the namespace whose Secrets may not be read", async () => {
      const secretRef = { namespace: "kube-public", name: "locked", key: "psk" };
      declare({ secretRef, remoteAddr: "192.168.1.77" });
      await says("Placed", "True", /charon and agent run on node-a/);
      await says(
        "SecretReady",
        "False",
        /Secret kube-public\/locked: add kube-public to the chart's secretNamespaces/,
      );
    });

    it("removes the gateway's address and the pools from its status with the pods", async () => {
      const shown = (field: string) =>
        cluster().kubectl("get", "ipsecconnection/placed", "-o", `jsonpath={.status.${field}}`);
      await eventually(() => assert.match(shown("xfrmGatewayIp"), /placed/), 30_000);
      assert.match(shown("freeIps"), /primary/);
      const secretRef = { namespace: "kube-public", name: "locked", key: "psk" };
      declare({
        secretRef,
        remoteAddr: "192.168.1.77",
        nodeName: "node-z",
        children: { placed: { ...child, ip_pools: {} } },
      });
      await eventually(
        () => assert.equal(shown("xfrmGatewayIp") + shown("freeIps"), "{}{}"),
        30_000,
      );
      cluster().kubectl("delete", "ipsecconnection", "placed");
    });
  });
}
