import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { agentPod } from "../../model/beats/agent-pod.ts";
import { digestOf } from "../../model/api/group.ts";
import type { KubeObject } from "../../model/kubernetes/kube-object.ts";
import { label } from "../../model/kubernetes/labels.ts";
import { formatAddress } from "../../model/net/address.ts";
import { peerAddresses } from "./peer-addresses.ts";

interface PodFacts {
  readonly group?: string;
  readonly type?: string;
  readonly ips?: readonly string[];
  readonly created?: string;
  readonly isGoing?: boolean;
}

function pod({ group = "node:b", type = "agent", ips = [], created = "1", isGoing }: PodFacts) {
  const labels = { [label.type]: type, [label.groupId]: digestOf([group]) };
  const deletion = isGoing === true ? { deletionTimestamp: "now" } : {};
  return agentPod({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `pod-${ips[0]}`, labels, creationTimestamp: created, ...deletion },
    status: { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) },
  } as unknown as KubeObject);
}

/** The addresses of a group as texts. */
function of(group: string, pods: readonly PodFacts[]) {
  const found = peerAddresses([group], pods.map(pod)).get(group);
  return {
    agent: found?.agent.map(formatAddress),
    echoes: found?.echoes.map(formatAddress),
  };
}

describe("the addresses of a peer", () => {
  it("are those of its agent; its gateways and its agent are asked for echoes", () => {
    const pods: PodFacts[] = [
      { ips: ["10.0.0.2", "fd00::2"] },
      { type: "xfrm", ips: ["10.0.0.3"] },
      { group: "node:c", ips: ["10.0.0.9"] },
    ];
    assert.deepEqual(of("node:b", pods), {
      agent: ["10.0.0.2", "fd00::2"],
      echoes: ["10.0.0.3", "10.0.0.2"],
    });
  });

  it("are those of the latest pod that is not terminating", () => {
    const [old, next] = [{ ips: ["10.0.0.2"] }, { ips: ["10.0.0.4"], created: "2" }];
    assert.deepEqual(of("node:b", [old, next]).agent, ["10.0.0.4"]);
    assert.deepEqual(of("node:b", [old, { ...next, isGoing: true }]).agent, ["10.0.0.2"]);
    assert.deepEqual(of("node:b", [{ ...next, isGoing: true }]).agent, ["10.0.0.4"]);
  });

  it("are empty while the group has no pod with an address", () => {
    assert.deepEqual(of("node:b", []), { agent: [], echoes: [] });
    assert.deepEqual(of("node:b", [{}, { ips: ["nonsense"] }]), { agent: [], echoes: [] });
  });

  it("include a few gateways only", () => {
    const gateways = Array.from({ length: 20 }, (_, i) => ({ type: "xfrm", ips: [`10.0.1.${i}`] }));
    assert.equal(of("node:b", [{ ips: ["10.0.0.2"] }, ...gateways]).echoes?.length, 4);
  });
});
