import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { noneLost } from "../../sites/pings.ts";
import { clusterKeySecret } from "../../../src/adapters/kubernetes/cluster-key.ts";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { walkThrough, walkThroughChild } from "../manifests.ts";
import { configurePeer, examplePeer } from "../peer.ts";
import { Workload } from "../workload.ts";

/** Changes of a connection, and its removal. */
export function lifecycleScenarios(cluster: () => LabCluster): void {
  describe("a connection", () => {
    const ready = (name = "example-connection") =>
      cluster().kubectl(
        "wait",
        "--for=condition=Ready",
        "--timeout=60s",
        `ipsecconnection/${name}`,
      );
    const first = () => (Workload.of(cluster(), "work") as [Workload])[0];
    const pings = () =>
      eventually(
        () => assert.equal(first().answered("10.0.1.1", "-c", "3", "-i", "0.1"), 3),
        30_000,
      );
    const kernel = () => cluster().nodes["node-a"].sh("ip xfrm state | grep -c if_id || true");

    it("loads a new secret within seconds, before the tunnel fails", async () => {
      const secret = (value: string) =>
        cluster().apply({
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: "ipsec-secret", namespace: "default" },
          stringData: { example: value },
        });
      await configurePeer(cluster(), [{ ...examplePeer, secret: "another key" }]);
      secret("another key");
      await pause(1_000);
      await cluster().peer.sh(
        "swanctl --terminate --ike example --uri unix:///run/peer.vici || true",
      );
      await pings();
      await configurePeer(cluster(), [examplePeer]);
      secret("yourpresharedkey");
      await pause(1_000);
      await cluster().peer.sh(
        "swanctl --terminate --ike example --uri unix:///run/peer.vici || true",
      );
      await pings();
      ready();
    });

    it("reports a missing Secret, and stays up", async () => {
      cluster().kubectl("delete", "secret", "ipsec-secret", "-n", "default");
      await eventually(() => {
        const path = 'jsonpath={.status.conditions[?(@.type=="SecretReady")].status}';
        assert.equal(
          cluster().kubectl("get", "ipsecconnection", "example-connection", "-o", path),
          "False",
        );
      });
      assert.deepEqual(await first().pings(20, "10.0.1.1"), noneLost(20));
      const key = "--from-literal=example=yourpresharedkey";
      cluster().kubectl("create", "secret", "generic", "ipsec-secret", "-n", "default", key);
      await eventually(() => ready());
    });

    it("adds, changes and removes a child while the other child continues", async () => {
      const pinged = first().pings(900, "10.0.1.1");
      const second = (changes: object) =>
        walkThroughChild(4, { name: "second", if_id: 104, ...changes });
      const children = (more: object) => ({
        children: { "example-child": walkThroughChild(), ...more },
      });
      await configurePeer(cluster(), [
        {
          ...examplePeer,
          children: [
            ...examplePeer.children,
            { name: "other-key", local: "10.0.3.0/24", remote: "10.0.4.0/24" },
          ],
        },
      ]);
      // Its key differs from its name.
      cluster().apply(walkThrough("node-a", children({ "other-key": second({}) })));
      await up("2/2");
      const pool = { ip_pools: { primary: ["10.0.4.3/24", "10.0.4.9/24"] } };
      cluster().apply(walkThrough("node-a", children({ "other-key": second(pool) })));
      await eventually(() => {
        const path = "jsonpath={.status.freeIps.second.primary}";
        const free = cluster().kubectl("get", "ipsecconnection", "example-connection", "-o", path);
        assert.equal(free, '["10.0.4.3/24","10.0.4.9/24"]');
      });
      cluster().apply(walkThrough("node-a"));
      await up("1/1");
      await eventually(() => {
        const pods = cluster().kubectl(
          "get",
          "pods",
          "-n",
          "ipman-system",
          "-l",
          "ipman.dialo.ai/type=xfrm",
          "-o",
          "name",
        );
        assert.equal(pods.trim().split("\n").length, 1);
      }, 30_000);
      assert.deepEqual(await pinged, noneLost(900));
    });

    const up = (children: string) =>
      eventually(
        () => {
          const status = cluster().kubectl(
            "get",
            "ipsecconnection",
            "example-connection",
            "-o",
            "jsonpath={.status}",
          );
          assert.ok(status.includes(`"childrenReady":"${children}"`), status);
        },
        60_000,
        250,
      );

    it("loses no ping when an upgrade of the chart changes charon's settings", async () => {
      const ofCharon = ["-n", "ipman-system", "-l", "ipman.dialo.ai/type=charon"];
      const charon = () => cluster().kubectl("get", "pods", ...ofCharon, "-o", "name");
      const before = charon();
      const pinged = first().pings(1_200, "10.0.1.1");
      await pause(500);
      const settings = JSON.stringify({ "filelog.container.net": 2 });
      const values = ["--set", "logLevel=debug", "--set-json", `charon.settings=${settings}`];
      cluster().upgrade(...values, "--wait", "--timeout", "90s");
      assert.deepEqual(await pinged, noneLost(1_200));
      await eventually(
        () => {
          const logged = cluster().kubectl("logs", ...ofCharon, "--tail=100");
          assert.match(logged, /\[NET\] waiting for data on sockets/);
        },
        60_000,
        500,
      );
      assert.equal(charon(), before);
      await pings();
    });

    const none = (type: string) =>
      eventually(
        () => {
          const pods = ["-n", "ipman-system", "-l", `ipman.dialo.ai/type=${type}`, "-o", "name"];
          assert.equal(cluster().kubectl("get", "pods", ...pods), "");
        },
        90_000,
        500,
      );
    const nothingInKernel = () =>
      eventually(async () => assert.equal((await kernel()).trim(), "0"), 60_000, 500);
    /** Stops charon by a signal, and fills the queue of connections to its socket. */
    const hangCharon = () => {
      const crowd = `const { connect } = require("node:net");
        for (let i = 0; i < 8; i++) connect(process.argv[1]).on("error", () => {});
        setTimeout(() => process.exit(), 30_000);`;
      return cluster().nodes["node-a"].sh(
        `kill -STOP $(pgrep charon-systemd)
        node -e '${crowd}' /run/ipman/*/charon.vici </dev/null >/dev/null 2>&1 &
        sleep 3`,
      );
    };
    const remove = () =>
      cluster().kubectl("delete", "ipsecconnection", "example-connection", "--timeout=30s");

    it("that is deleted while charon hangs is removed, in the kernel too", async () => {
      assert.notEqual((await kernel()).trim(), "0");
      cluster().kubectl("delete", "deployment", "work", "-n", "default", "--timeout=60s");
      await hangCharon();
      remove();
      await none("charon");
      await nothingInKernel();
    });

    it("that is deleted while its agent does not run is removed as well", async () => {
      cluster().apply(walkThrough("node-a"));
      await up("1/1");
      assert.notEqual((await kernel()).trim(), "0");
      await hangCharon();
      const agent = ["-n", "ipman-system", "-l", "ipman.dialo.ai/type=agent"];
      cluster().kubectl("delete", "pod", ...agent, "--now", "--wait=false");
      remove();
      await none("charon");
      await nothingInKernel();
    });

    it("leaves only the declared objects and the segment key when the chart is uninstalled", async () => {
      cluster().apply(walkThrough("node-a"));
      await up("1/1");
      assert.notEqual((await kernel()).trim(), "0");
      cluster().helm("uninstall", "ipman", "-n", "ipman-system", "--wait", "--timeout", "90s");
      const kinds = "pods,deployments,services,leases,configmaps,secrets,roles,rolebindings";
      // Kubernetes creates this ConfigMap in every namespace.
      const all = ["--field-selector", "metadata.name!=kube-root-ca.crt"];
      const own = () => cluster().kubectl("get", kinds, "-n", "ipman-system", ...all, "-o", "name");
      await eventually(() => assert.equal(own().trim(), `secret/${clusterKeySecret}`), 60_000, 500);
      await nothingInKernel();
      const links = "ip -o link show type xfrm; ip -o link show type vxlan";
      assert.equal((await cluster().nodes["node-a"].sh(links)).trim(), "");
      const left = cluster().kubectl(
        "get",
        "clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations,priorityclasses,validatingadmissionpolicies,validatingadmissionpolicybindings",
        "-o",
        "name",
      );
      assert.doesNotMatch(left, /ipman/);
      // The agents' Roles are deleted with their owner, which the chart had installed.
      const elsewhere = () =>
        cluster().kubectl("get", "roles,rolebindings", "-n", "default", "-o", "name");
      await eventually(() => assert.doesNotMatch(elsewhere(), /ipman/), 60_000, 500);
      const accounts = () =>
        cluster().kubectl("get", "serviceaccounts", "-n", "ipman-system", "-o", "name");
      await eventually(() => assert.doesNotMatch(accounts(), /ipman/), 60_000, 500);
      assert.match(cluster().kubectl("get", "crds", "-o", "name"), /ipsecconnections/);
    });
  });
}
