import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { settings } from "../../../test/simulator/installation.ts";
import { impliedGroup } from "../api/group.ts";
import { parsePrefix, type Prefix } from "../net/prefix.ts";
import { agentDeployment } from "./deployments.ts";
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
