import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { settings } from "../../../test/simulator/installation.ts";
import { groupsFromCr, type Group } from "../api/group.ts";
import type { CharonGroupSpec } from "../api/schema/charon-group.ts";
import { charonDeployment } from "../kubernetes/deployments.ts";
import { frontendAddress, frontendService, frontendStatus } from "./frontend-service.ts";
import { hasDigestOf, type KubeObject } from "../kubernetes/kube-object.ts";

function group(changes: Partial<CharonGroupSpec>): Group {
  return groupsFromCr({
    apiVersion: "ipman.dialo.ai/v1",
    kind: "CharonGroup",
    metadata: { name: "edge", namespace: "vpn" },
    spec: { hostNetwork: false, nodeName: "node-a", ...changes },
  })[0] as Group;
}

type Made = KubeObject & { readonly spec: Record<string, unknown> };
function service(changes: Partial<CharonGroupSpec>): Made {
  const made = frontendService(group(changes), settings);
  assert.ok(made !== undefined);
  return made as Made;
}

const balanced = { frontendServiceType: "LoadBalancer" } as const;
const ingress = (...all: object[]) => ({ loadBalancer: { ingress: all } });

describe("the Service in front of charon", () => {
  it("leads to UDP 500 and 4500 of the pods of the group's charon, and to no other pod", () => {
    const { spec } = service(balanced);
    assert.deepEqual(spec["ports"], [
      { name: "ike", protocol: "UDP", port: 500, targetPort: 500 },
      { name: "nat-t", protocol: "UDP", port: 4500, targetPort: 4500 },
    ]);
    const { spec: ofCharon } = charonDeployment(group(balanced), settings) as KubeObject & {
      readonly spec: { template: { metadata: { labels: Record<string, string> } } };
    };
    const { labels } = ofCharon.template.metadata;
    const selector = Object.entries(spec["selector"] as Record<string, string>);
    assert.ok(selector.length > 0);
    for (const [name, value] of selector) assert.equal(labels[name], value);
    const other = { ...group(balanced), id: "vpn/other", name: "other" };
    assert.notDeepEqual(
      (frontendService(other, settings) as Made).spec["selector"],
      spec["selector"],
    );
  });

  it("exists only if the manifest names a type", () => {
    assert.equal(frontendService(group({}), settings), undefined);
    const declared = { frontendServiceType: "", frontendExternalTrafficPolicy: "Local" } as const;
    assert.equal(frontendService(group(declared), settings), undefined);
  });

  it("keeps the peer's address unless the manifest says otherwise", () => {
    const policyOf = (changes: Partial<CharonGroupSpec>) =>
      service(changes).spec["externalTrafficPolicy"];
    assert.equal(policyOf(balanced), "Local");
    assert.equal(policyOf({ frontendServiceType: "NodePort" }), "Local");
    assert.equal(policyOf({ ...balanced, frontendExternalTrafficPolicy: "Cluster" }), "Cluster");
    assert.equal(policyOf({ frontendServiceType: "ClusterIP" }), undefined, "refused there");
  });

  it("asks a load balancer for an address, and has the declared annotations", () => {
    const asked = { frontendLoadBalancerIP: "192.0.2.10" };
    const { metadata, spec } = service({
      ...balanced,
      ...asked,
      frontendServiceAnnotations: { "example.org/scheme": "internal" },
    });
    assert.equal(spec["loadBalancerIP"], "192.0.2.10");
    assert.equal(metadata.annotations?.["example.org/scheme"], "internal");
    assert.deepEqual(metadata.ownerReferences, [settings.owner]);
    const clustered = service({ frontendServiceType: "ClusterIP", ...asked });
    assert.equal(clustered.spec["loadBalancerIP"], undefined);
  });

  it("is made again after a change of any declared field, and not after one by another program", () => {
    const made = service(balanced);
    const changed = { ...made, spec: { ...made.spec, sessionAffinity: "ClientIP" } };
    assert.ok(hasDigestOf(changed, made));
    for (const change of [
      { frontendServiceType: "NodePort" },
      { frontendServiceAnnotations: { a: "b" } },
      { frontendLoadBalancerIP: "192.0.2.10" },
      { frontendExternalTrafficPolicy: "Cluster" },
    ] as const)
      assert.ok(!hasDigestOf(made, service({ ...balanced, ...change })), JSON.stringify(change));
    const { annotations: _, ...metadata } = made.metadata;
    assert.ok(!hasDigestOf({ ...made, metadata }, made));
  });
});

describe("the address of the Service", () => {
  const seen = (spec: object, status: object = {}) =>
    frontendAddress({ ...service(balanced), spec, status });

  it("is that of the load balancer, by address or name", () => {
    const spec = { type: "LoadBalancer", clusterIP: "10.96.0.9" };
    assert.equal(seen(spec), undefined);
    assert.equal(seen(spec, ingress({ ip: "192.0.2.10" })), "192.0.2.10");
    assert.equal(seen(spec, ingress({ hostname: "lb.example.org" })), "lb.example.org");
  });

  it("is the cluster IP for the other types", () => {
    assert.equal(seen({ type: "NodePort", clusterIP: "10.96.0.9" }), "10.96.0.9");
    assert.equal(seen({ type: "ClusterIP", clusterIP: "None" }), undefined);
    assert.equal(seen({ type: "ClusterIP" }), undefined);
  });
});

describe("the status of a CharonGroup", () => {
  const spec = { type: "ClusterIP", clusterIP: "10.96.0.9" };
  const made = { ...service(balanced), spec };

  it("has the name and the address of the Service", () => {
    const { name } = made.metadata;
    const status = { frontendServiceName: name, frontendAddress: "10.96.0.9" };
    assert.deepEqual(frontendStatus(made, undefined), status);
    assert.match(name, /^charon-frontend-vpn-edge-[0-9a-f]{8}$/);
  });

  it("has neither without a Service, and empties what another program wrote", () => {
    assert.deepEqual(frontendStatus(undefined, {}), {});
    const emptied = frontendStatus(undefined, { frontendAddress: "192.0.2.10" });
    assert.deepEqual(emptied, { frontendAddress: "" });
    assert.deepEqual(frontendStatus(undefined, emptied), emptied, "written once");
  });
});
