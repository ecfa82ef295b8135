import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { settings } from "../../../test/simulator/installation.ts";
import { impliedGroup } from "../api/group.ts";
import { connectionOf } from "../../../test/models/fixtures.ts";
import { parsePrefix, type Prefix } from "../net/prefix.ts";
import { agentDeployment, charonDeployment, gatewayDeployment } from "./deployments.ts";
import type { KubeObject } from "./kube-object.ts";

/** The arguments of an agent in a cluster with these networks. */
function argumentsFor(...networks: string[]): readonly string[] {
  const clusterNetworks = networks.map((text) => parsePrefix(text) as Prefix);
  const made = agentDeployment(impliedGroup("node-a"), { ...settings, clusterNetworks });
  const { spec } = made as KubeObject & {
    readonly spec: { template: { spec: { containers: { args: string[] }[] } } };
  };
  return spec.template.spec.containers[0]?.args ?? [];
}

describe("an agent's Deployment", () => {
  it("has the networks that stay outside of tunnels", () => {
    const args = argumentsFor("10.244.0.0/16", "10.96.0.1/32");
    assert.equal(args[args.indexOf("--cluster-networks") + 1], "10.244.0.0/16,10.96.0.1/32");
    assert.ok(!argumentsFor().includes("--cluster-networks"));
  });
});

describe("a pod of charon or of a gateway", () => {
  it("carries the traffic on for a part of its grace period, so that it can be moved", () => {
    const connection = connectionOf({ nodeName: "node-a" });
    const [child] = connection.children;
    assert.ok(child);
    const group = impliedGroup("node-a");
    for (const made of [
      charonDeployment(group, settings),
      gatewayDeployment("gateway", group, { connection, child }, settings),
    ]) {
      const { spec } = made as KubeObject & {
        readonly spec: { readonly template: { readonly spec: PodSpec } };
      };
      const pod = spec.template.spec;
      const command = pod.containers[0]?.lifecycle?.preStop.exec.command ?? [];
      assert.deepEqual(command.slice(0, 2), ["busybox", "sleep"]);
      const left = pod.terminationGracePeriodSeconds - Number(command[2]);
      assert.ok(left >= 2, "charon ends its SAs in the rest");
    }
  });
});

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly {
    readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: string[] } } };
  }[];
}
