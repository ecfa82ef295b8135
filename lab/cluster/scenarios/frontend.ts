import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "../../sites/shell.ts";
import { addresses, type LabCluster } from "../cluster.ts";
import { walkThrough, walkThroughChild, workload } from "../manifests.ts";
import { configurePeer, examplePeer } from "../peer.ts";
import { Workload } from "../workload.ts";

/** The address of the load balancer, which the lab routes to the node of charon. */
const balancer = "192.168.1.50";
const home = "ipman-system";

const fronted = (spec: object = {}) => ({
  apiVersion: "ipman.dialo.ai/v1",
  kind: "CharonGroup",
  metadata: { name: "fronted", namespace: "default" },
  spec: { hostNetwork: false, nodeName: "node-b", frontendServiceType: "LoadBalancer", ...spec },
});

/** A partner who dials the Service in front of a charon on the pod network. */
export function frontendScenarios(cluster: () => LabCluster): void {
  describe("a CharonGroup with a Service", () => {
    const group = ["get", "charongroup", "fronted", "-n", "default"];
    const services = ["get", "services", "-n", home, "-l", "ipman.dialo.ai/type=frontend"];
    const status = (field: string) =>
      cluster().kubectl(...group, "-o", `jsonpath={.status.${field}}`);
    const service = (path: string) =>
      cluster().kubectl(...services, "-o", `jsonpath={.items[*]${path}}`);
    const patch = (...change: string[]) =>
      cluster().kubectl("patch", "service", service(".metadata.name"), "-n", home, ...change);
    const worker = () => (Workload.of(cluster(), "fronted") as [Workload])[0];
    /** Packets to the worker make the peer dial. */
    const isReached = (timeoutMs: number) =>
      eventually(
        () => cluster().peer.sh(`ping -c 3 -i 0.2 -W 1 ${worker().address}`),
        timeoutMs,
        500,
      );

    before(() => cluster().peer.sh(`ip route add ${balancer} via ${addresses.nodeB}`));
    after(async () => {
      const gone = ["--ignore-not-found", "--timeout=60s"];
      cluster().kubectl("delete", "deployment", "fronted", ...gone);
      cluster().kubectl("delete", "ipsecconnection", "fronted", ...gone);
      cluster().kubectl("delete", "charongroup", "fronted", "-n", "default", ...gone);
      await configurePeer(cluster(), [examplePeer]);
      await cluster().peer.sh(`ip route del ${balancer}`);
    });

    it("reports the Service, and the address that a controller of load balancers gives it", async () => {
      const annotations = { "example.org/scheme": "internal" };
      cluster().apply(fronted({ frontendServiceAnnotations: annotations }));
      await eventually(
        () => assert.match(status("frontendServiceName"), /^charon-frontend-default-fronted-/),
        20_000,
      );
      assert.equal(service(".metadata.name"), status("frontendServiceName"));
      assert.equal(service(".spec.externalTrafficPolicy"), "Local");
      assert.equal(service(".metadata.annotations.example\\.org/scheme"), "internal");
      assert.equal(status("frontendAddress"), "");
      const given = { status: { loadBalancer: { ingress: [{ ip: balancer }] } } };
      patch("--subresource=status", "--type=merge", "-p", JSON.stringify(given));
      await eventually(() => assert.equal(status("frontendAddress"), balancer), 20_000);
      const wait = ["wait", "--for=condition=FrontendReady", "--timeout=20s"];
      cluster().kubectl(...wait, "charongroup/fronted", "-n", "default");
    });

    it("leaves the changes of other programs", async () => {
      const change = { op: "replace", path: "/spec/ports/0/name", value: "isakmp" };
      patch("--type=json", "-p", JSON.stringify([change]));
      const version = service(".metadata.resourceVersion");
      await pause(3_000);
      assert.equal(service(".spec.ports[0].name"), "isakmp");
      assert.equal(service(".metadata.resourceVersion"), version);
    });

    it("carries the tunnel of a peer that dials the Service", async () => {
      await configurePeer(cluster(), [
        examplePeer,
        {
          name: "fronted",
          localId: "peer.example",
          remoteId: "fronted.example",
          secret: "yourpresharedkey",
          dials: balancer,
          children: [{ name: "child-6", local: "10.0.5.0/24", remote: "10.0.6.0/24" }],
        },
      ]);
      const extra = { esp_proposals: "aes256-sha256-ecp256", start_action: "none" };
      const { nodeName: _, ...spec } = walkThrough("", {
        name: "fronted",
        localAddr: "",
        localId: "fronted.example",
        remoteId: "peer.example",
        children: { "child-6": walkThroughChild(6, { name: "child-6", if_id: 116, extra }) },
        groupRef: { namespace: "default", name: "fronted" },
      }).spec;
      const place = { connection: "fronted", child: "child-6" };
      cluster().apply(
        { ...walkThrough(""), metadata: { name: "fronted" }, spec },
        workload({ name: "fronted", node: "node-a", replicas: 1, ...place }),
      );
      Workload.started(cluster(), "fronted");
      await isReached(60_000);
      assert.equal(worker().answered("10.0.5.1", "-c", "10", "-i", "0.1"), 10);
      const wait = ["wait", "--for=condition=Ready", "--timeout=30s"];
      cluster().kubectl(...wait, "ipsecconnection/fronted");
      const states = await cluster().peer.sh("ip xfrm state");
      assert.match(states, new RegExp(`dst ${balancer}\\b[^]*?encap type espinudp`));
    });

    it("carries it again after charon's pod is replaced", async () => {
      const selector = "ipman.dialo.ai/type=charon,ipman.dialo.ai/group=fronted";
      cluster().kubectl("delete", "pods", "-n", home, "-l", selector);
      await isReached(90_000);
      assert.equal(worker().answered("10.0.5.1", "-c", "10", "-i", "0.1"), 10);
      assert.match(await cluster().peer.sh("ip xfrm state"), new RegExp(`dst ${balancer}\\b`));
    });

    it("has another Service after a change of the type, and none without a type", async () => {
      cluster().apply(fronted({ frontendServiceType: "ClusterIP" }));
      await eventually(() => assert.match(status("frontendAddress"), /^10\.96\./), 20_000);
      assert.equal(service(".spec.type"), "ClusterIP");
      assert.equal(service(".spec.ports[*].nodePort"), "");
      cluster().apply(fronted({ frontendServiceType: "NodePort" }));
      await eventually(() => assert.match(service(".spec.ports[*].nodePort"), /^\d+ \d+$/), 20_000);
      assert.equal(service(".spec.externalTrafficPolicy"), "Local");
      cluster().apply(fronted({ frontendServiceType: "" }));
      await eventually(() => assert.equal(service(".metadata.name"), ""), 40_000, 500);
      await eventually(() => assert.equal(status("frontendServiceName"), ""), 20_000);
    });
  });
}
