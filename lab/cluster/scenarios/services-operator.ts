import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { tunnelClass } from "../../../src/model/services/service-object.ts";
import { eventually } from "../../sites/shell.ts";
import type { LabCluster } from "../cluster.ts";
import { walkThrough, walkThroughChild } from "../manifests.ts";

const home = "ipman-system";
const place = {
  "ipman.dialo.ai/ipmanName": "example-connection",
  "ipman.dialo.ai/childName": "example-child",
  "ipman.dialo.ai/poolName": "services",
};
/** The walk-through, with a pool of two addresses for Services. */
const ip_pools = {
  primary: ["10.0.2.3/24", "10.0.2.4/24"],
  services: ["10.0.2.20-10.0.2.21"],
};

interface SliceAtServer {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly endpoints: readonly {
    readonly addresses: readonly string[];
    readonly conditions: { readonly ready: boolean };
  }[];
  readonly ports: readonly { readonly port: number }[];
}

function service(name: string, annotations: object, spec: object) {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default", annotations: { ...place, ...annotations } },
    spec,
  };
}

const exposed = (name: string, annotations: object = {}) =>
  service(name, annotations, {
    type: "LoadBalancer",
    loadBalancerClass: tunnelClass,
    allocateLoadBalancerNodePorts: false,
    selector: { app: "work" },
    ports: [{ name: "http", port: 80 }],
  });

const remote = (name: string, hosts = "10.0.1.1") =>
  service(name, { "ipman.dialo.ai/remote": hosts }, { ports: [{ name: "http", port: 80 }] });

/** The operator's part in Services: addresses, slices, conditions and events. */
export function servicesOperatorScenarios(cluster: () => LabCluster): void {
  describe("the operator's part in Services", () => {
    const get = (kind: string, name: string, path: string) =>
      cluster().kubectl("get", kind, name, "-n", "default", "-o", `jsonpath={${path}}`);
    const addressOf = (name: string) => get("service", name, ".status.loadBalancer.ingress[*].ip");
    const conditionOf = (name: string) =>
      get(
        "service",
        name,
        ".status.conditions[?(@.type=='ipman.dialo.ai/Ready')]['reason','message']",
      );
    const free = () =>
      get("ipsecconnection", "example-connection", ".status.freeIps.example-child.services");
    const slices = () => {
      const selector = "endpointslice.kubernetes.io/managed-by=ipman.dialo.ai";
      const ask = ["get", "endpointslices", "-n", "default", "-l", selector, "-o", "json"];
      return (JSON.parse(cluster().kubectl(...ask)) as { items: readonly SliceAtServer[] }).items;
    };
    const gateway = () =>
      get("ipsecconnection", "example-connection", ".status.xfrmGatewayIp.example-child");
    const remove = (...names: string[]) =>
      cluster().kubectl("delete", "service", "-n", "default", "--ignore-not-found", ...names);
    const declare = (changes: object = {}) => {
      const child = walkThroughChild(2, { ip_pools });
      const children = { "example-child": child };
      cluster().apply(walkThrough("node-a", { children, ...changes }));
    };

    before(() => declare());
    after(() => {
      remove("shown", "second", "third", "bank", "bank-2");
      cluster().apply(walkThrough("node-a"));
    });

    it("gives a Service an address that its pool then lacks, with an event", async () => {
      await eventually(() => assert.match(free(), /10\.0\.2\.20.*10\.0\.2\.21/), 30_000);
      cluster().apply(exposed("shown"));
      await eventually(() => assert.equal(addressOf("shown"), "10.0.2.20"), 20_000);
      assert.equal(get("service", "shown", ".status.loadBalancer.ingress[*].ipMode"), "VIP");
      assert.equal(conditionOf("shown"), "Ready the partner reaches the Service at 10.0.2.20");
      await eventually(() => assert.equal(free(), '["10.0.2.21/24"]'), 40_000);
      await eventually(() => assert.match(eventsOf("shown"), /\bAddressAssigned\b/), 10_000);
    });

    it("keeps a slice of a remote Service on the gateway", async () => {
      cluster().apply(remote("bank"));
      await eventually(() => assert.equal(slices().length, 1), 20_000);
      const [slice] = slices() as [SliceAtServer];
      assert.equal(slice.metadata.annotations["ipman.dialo.ai/source"], "10.0.2.21");
      const conditions = { ready: true, serving: true };
      assert.deepEqual(slice.endpoints, [{ addresses: [gateway()], conditions }]);
      assert.ok((slice.ports[0]?.port ?? 0) >= 20_000);
      assert.equal(conditionOf("bank"), "Ready the partner sees connections from 10.0.2.21");
    });

    it("reports an exhausted pool, a forbidden host and a taken address", async () => {
      cluster().apply(
        exposed("second"),
        exposed("third", { "ipman.dialo.ai/address": "10.0.2.20" }),
      );
      cluster().apply(remote("bank-2", "10.77.0.1"));
      await eventually(() => assert.match(conditionOf("second"), /^PoolExhausted pool/), 20_000);
      await eventually(() => assert.match(conditionOf("third"), /^AddressTaken .*default\/shown/));
      await eventually(() => assert.match(conditionOf("bank-2"), /^HostNotRouted 10\.77\.0\.1 is/));
      assert.equal(addressOf("second"), "");
      await eventually(() => assert.match(eventsOf("second"), /\bPoolExhausted\b/), 10_000);
      remove("third", "bank-2");
    });

    it("keeps addresses and ports through a restart, a wiped status and a deleted slice", async () => {
      const [slice] = slices() as [SliceAtServer];
      const restart = ["rollout", "restart", "deployment/ipman-operator", "-n", home];
      cluster().kubectl(...restart);
      const status = ["rollout", "status", "deployment/ipman-operator", "-n", home];
      cluster().kubectl(...status, "--timeout=90s");
      const wiped = JSON.stringify({ status: { loadBalancer: { ingress: [] } } });
      const patch = ["patch", "service", "shown", "-n", "default", "--subresource=status"];
      cluster().kubectl(...patch, "--type=merge", "-p", wiped);
      const own = ["-l", "endpointslice.kubernetes.io/managed-by=ipman.dialo.ai"];
      cluster().kubectl("delete", "endpointslices", "-n", "default", ...own);
      await eventually(() => assert.equal(addressOf("shown"), "10.0.2.20"), 60_000);
      await eventually(() => assert.deepEqual(slices()[0]?.ports, slice.ports), 60_000);
      assert.equal(slices()[0]?.metadata.annotations["ipman.dialo.ai/source"], "10.0.2.21");
    });

    it("gives an address that a deleted Service had to one that waits", async () => {
      remove("bank");
      await eventually(() => assert.equal(addressOf("second"), "10.0.2.21"), 20_000);
      await eventually(() => assert.deepEqual(slices(), []), 20_000);
      remove("second");
      await eventually(() => assert.equal(free(), '["10.0.2.21/24"]'), 40_000);
    });

    it("takes the address back from a namespace that may no longer join, and gives it again", async () => {
      declare({ allowedNamespaces: ["kube-system"] });
      await eventually(() => assert.match(conditionOf("shown"), /^NotAvailable child/), 20_000);
      assert.equal(addressOf("shown"), "");
      declare();
      await eventually(() => assert.equal(addressOf("shown"), "10.0.2.20"), 20_000);
    });

    it("takes the address back when the Service loses its class, without a further write", async () => {
      const change = { spec: { type: "ClusterIP", loadBalancerClass: null } };
      const patch = ["patch", "service", "shown", "-n", "default", "--type=merge"];
      cluster().kubectl(...patch, "-p", JSON.stringify(change));
      await eventually(() => assert.equal(conditionOf("shown"), ""), 20_000);
      await eventually(() => assert.match(free(), /10\.0\.2\.20.*10\.0\.2\.21/), 40_000);
      const version = () => get("service", "shown", ".metadata.resourceVersion");
      const before = version();
      await pause(3_000);
      assert.equal(version(), before);
    });

    function eventsOf(name: string): string {
      const field = `involvedObject.name=${name}`;
      const path = "jsonpath={.items[*].reason}";
      return cluster().kubectl(
        "get",
        "events",
        "-n",
        "default",
        "--field-selector",
        field,
        "-o",
        path,
      );
    }
  });
}
