import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { digestOf } from "../../../model/api/group.ts";
import { annotation, label } from "../../../model/kubernetes/labels.ts";
import type { Pod } from "../../../model/kubernetes/worker-pod.ts";
import { formatAddress } from "../../../model/net/address.ts";
import { gatewayIn, gatewaysByChild } from "./gateways-by-child.ts";

function gateway(ip: string, groupId?: string): Pod {
  const labels = groupId === undefined ? {} : { [label.groupId]: digestOf([groupId]) };
  const annotations = { [annotation.connection]: "site", [annotation.child]: "net" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: ip, namespace: "ipman", labels, annotations },
    status: { podIP: ip, podIPs: [{ ip }] },
  };
}

function found(pods: readonly Pod[], groupId: string | undefined, isDivided: boolean) {
  const [gateways = []] = gatewaysByChild(pods).values();
  const address = gatewayIn(gateways, groupId, isDivided);
  return address && formatAddress(address);
}

describe("the gateway of a child", () => {
  const removed = gateway("10.0.0.2", "vpn/edge@node-b");
  const kept = gateway("10.0.0.1", "vpn/edge");

  it("is that of the group that is left, while the one of a removed node still runs", () => {
    assert.equal(found([removed, kept], "vpn/edge", false), "10.0.0.1");
  });

  it("may have another group before its own runs, unless the connection has several groups", () => {
    assert.equal(found([removed], "vpn/edge", false), "10.0.0.2");
    assert.equal(found([removed], "vpn/edge", true), undefined);
    assert.equal(found([gateway("10.0.0.3")], undefined, false), "10.0.0.3");
  });
});
