import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { noneLost } from "../../sites/pings.ts";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { walkThrough, walkThroughChild, workload } from "../manifests.ts";
import { Workload } from "../workload.ts";

const system = ["-n", "ipman-system"] as const;

/** A cluster whose operator is stopped, and the start of the next operator. */
export function absenceScenarios(cluster: () => LabCluster): void {
  describe("without an operator", () => {
    const kubectl = (...args: string[]) => cluster().kubectl(...args);

    function scale(replicas: number): void {
      kubectl("scale", ...system, "deployment/ipman-operator", `--replicas=${replicas}`);
      if (replicas === 0) {
        // A kubelet whose API server was unavailable retries only after up to a minute: client-go's
        // reflector waits for 30 s plus a random time of up to 30 s. An API server that just started
        // may refuse the first retry, and the kubelet waits for a second time.
        const pods = ["pods", "-l", "app=ipman-controller", "--timeout=150s"];
        kubectl("wait", ...system, "--for=delete", ...pods);
      } else {
        kubectl("rollout", "status", ...system, "deployment/ipman-operator", "--timeout=90s");
      }
    }

    const gateways = () =>
      kubectl(
        "get",
        "deployments",
        ...system,
        "-l",
        "ipman.dialo.ai/type=xfrm",
        "-o",
        "jsonpath={.items[*].metadata.uid}",
      );

    it(
      "a cluster starts pods without a tunnel, denies pods with one, and loses no traffic",
      {
        timeout: 250_000,
      },
      async () => {
        const [pod] = Workload.of(cluster(), "work") as [Workload];
        const pinged = pod.pings(600, "10.0.1.1");
        scale(0);
        const plain = ["plain", "--image=lab:dev", "--image-pull-policy=IfNotPresent"];
        kubectl("run", ...plain);
        kubectl("wait", "--for=condition=Ready", "--timeout=30s", "pod/plain");
        const { template } = workload({ name: "late", node: "node-b" }).spec;
        const annotations = Object.entries(template.metadata.annotations);
        const wishes = annotations.map(([key, value]) => `--annotations=${key}=${value}`);
        assert.throws(
          () => kubectl("run", "late", "--image=lab:dev", ...wishes),
          /failed calling webhook "pods\.ipman\.dialo\.ai"/,
        );
        kubectl("delete", "pod", "plain", "--wait=false");
        assert.deepEqual(await pinged, noneLost(600));
      },
    );

    it("a cluster keeps gateways that an invalid manifest may need", async () => {
      const before = gateways();
      assert.notEqual(before, "");
      for (const kind of ["mutating", "validating"])
        kubectl("delete", `${kind}webhookconfiguration`, "ipman-ipman");
      // The manifest is accepted, since no webhook answers.
      const clash = { "example-child": walkThroughChild(2, { vxlan_ip: "10.0.2.1/24" }) };
      cluster().apply(walkThrough("node-a", { children: clash }));
      scale(2);
      await pause(10_000);
      assert.equal(gateways(), before);
      cluster().apply(walkThrough("node-a"));
      cluster().upgrade("--wait", "--timeout", "90s");
      await eventually(() => {
        const wait = ["wait", "--for=condition=SpecValid", "--timeout=1s"];
        kubectl(...wait, "ipsecconnection/example-connection");
      }, 30_000);
      assert.equal(gateways(), before);
    });
  });
}
