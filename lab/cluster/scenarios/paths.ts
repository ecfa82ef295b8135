import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { walkThrough } from "../manifests.ts";
import { configurePeer, examplePeer } from "../peer.ts";
import { Workload } from "../workload.ts";

const second = "192.168.1.9";
const paths = [
  { name: "main" },
  {
    name: "backup",
    remoteAddr: second,
    remoteId: second,
    secretRef: { name: "backup-secret", namespace: "default", key: "psk" },
  },
];

/** A partner with two addresses, between which a connection moves. */
export function pathScenarios(cluster: () => LabCluster): void {
  describe("a connection with two paths", () => {
    const connection = ["get", "ipsecconnection", "example-connection"];
    const field = (path: string) =>
      cluster().kubectl(...connection, "-o", `jsonpath={.status.${path}}`);
    const rolesAre = (...roles: string[]) =>
      eventually(() => assert.equal(field("paths[*]['name','role']"), roles.join(" ")), 20_000);
    const first = () => (Workload.of(cluster(), "work") as [Workload])[0];
    const sas = () => cluster().nodes["node-a"].sh(`ip xfrm state | grep -c "${second}" || true`);

    it("reads the Secret of the other path, and keeps the SA of the first", async () => {
      await cluster().peer.sh(`ip addr add ${second}/24 dev vec0`);
      const other = { ...examplePeer, name: "second", localId: second, secret: "another key" };
      await configurePeer(cluster(), [examplePeer, other]);
      const secret = ["create", "secret", "generic", "backup-secret", "-n", "default"];
      cluster().kubectl(...secret, "--from-literal=psk=another key");
      const pinged = first().pings(500, "10.0.1.1");
      cluster().apply(walkThrough("node-a", { paths, failover: { failback: "never" } }));
      await rolesAre("main backup active standby");
      // lab/scenarios/paths.scenario.ts shows that none is lost; other suites run beside this one.
      const { lost } = await pinged;
      assert.ok(lost.length <= 20, `${lost.length} lost: ${lost[0]}`);
      assert.equal((await sas()).trim(), "0");
    });

    it("is moved by kubectl ipman, which kubectl shows", async () => {
      const { output, status } = cluster().plugin("move", "example-connection", "backup");
      assert.equal(output, "example-connection has the active path backup\n");
      assert.equal(status, 0);
      await rolesAre("main backup standby active");
      assert.equal(field("activePath"), "backup");
      await eventually(() => assert.equal(first().answered("10.0.1.1", "-c", "3", "-i", "0.1"), 3));
      assert.notEqual((await sas()).trim(), "0");
      const wide = cluster().kubectl(...connection, "-o", "wide");
      assert.match(wide, /PATH/);
      assert.match(wide, / backup /);
      await eventually(() => {
        const events = cluster().kubectl(
          "get",
          "events",
          "-A",
          "-o",
          "jsonpath={.items[*].note}{.items[*].message}",
        );
        assert.match(events, /the path backup is active instead of main/);
      });
      const { output: table } = cluster().plugin("status");
      assert.match(table, /path backup \(active\) +established/);
    });

    it("says which paths there are, if it is moved to another one", () => {
      const { output, status } = cluster().plugin("move", "example-connection", "third");
      assert.equal(status, 1);
      assert.match(output, /has no path "third"; it has main, backup/);
    });

    it("returns to one path, whose SAs are those of the first", async () => {
      assert.equal(cluster().plugin("move", "example-connection", "main").status, 0);
      cluster().apply(walkThrough("node-a"));
      await eventually(() => assert.equal(field("paths"), ""), 20_000);
      assert.equal(field("activePath"), "");
      await eventually(async () => assert.equal((await sas()).trim(), "0"), 20_000);
      await eventually(() => assert.equal(first().answered("10.0.1.1", "-c", "3", "-i", "0.1"), 3));
      cluster().kubectl("delete", "secret", "backup-secret", "-n", "default");
      await configurePeer(cluster(), [examplePeer]);
      await cluster().peer.sh(`ip addr del ${second}/24 dev vec0`);
      await eventually(() => assert.equal(first().answered("10.0.1.1", "-c", "3", "-i", "0.1"), 3));
    });
  });
}
