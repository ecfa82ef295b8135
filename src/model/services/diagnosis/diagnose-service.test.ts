import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { annotation } from "../../kubernetes/labels.ts";
import type { ServiceObject } from "../service-object.ts";
import type { ServiceReason } from "../service-reason.ts";
import { sliceObject } from "../services.fixture.ts";
import { diagnoseService } from "./diagnose-service.ts";
import {
  connection,
  withCondition,
  shop,
  web,
  childStatus,
  pod,
  endpointsOf,
  exposed,
  selecting,
  remote,
  lines,
  finds,
  found,
} from "./diagnosis.fixture.ts";

describe("the diagnosis of a Service", () => {
  it("has a passed check for each step of an exposed Service that works", () => {
    assert.deepEqual(lines(diagnoseService(exposed())), [
      'ok request: shows the Service to the partner at an address of pool "primary" of bank/net',
      "ok connection: bank/net has the pool, and shop may use it",
      "ok address: is 10.0.2.10",
      "ok endpoints: 2 of 2 accept connections",
      "ok tunnel: bank/net is established, and its gateway is ready",
      "ok selectors: the CHILD SA has 10.0.2.10",
      "ok gateway: forwards its port",
      "ok connections: the gateway is far from its limit",
    ]);
  });

  it("has a passed check for each step of a remote Service that works", () => {
    assert.deepEqual(lines(diagnoseService(remote())), [
      'ok request: leads to 10.1.2.7 with an address of pool "primary" of bank/net',
      "ok connection: bank/net has the pool, and shop may use it",
      "ok address: is 10.0.2.11",
      "ok tunnel: bank/net is established, and its gateway is ready",
      "ok selectors: the CHILD SA has 10.0.2.11 and the host",
      "ok EndpointSlice: leads to the active gateway, 10.244.0.9",
      "ok gateway: forwards its port",
      "ok connections: the gateway is far from its limit",
    ]);
  });

  describe("finds what is wrong with the request", () => {
    const plain = (spec: object, annotations: object = {}) =>
      exposed({ service: { ...web({ spec, annotations }), status: {} } as ServiceObject });

    it("a Service of another class, of none, or of another type", () => {
      const of = (spec: object) => found(plain(spec)).problems[0];
      assert.match(
        of({ loadBalancerClass: "metallb.io/lb" }) ?? "",
        /^request: the Service requests nothing of ipman: type LoadBalancer with loadBalancerClass "metallb.io\/lb", annotations ipmanName, childName, poolName$/,
      );
      assert.match(of({ loadBalancerClass: undefined }) ?? "", /without loadBalancerClass/);
      assert.match(of({ type: "ClusterIP", ...selecting }) ?? "", /type ClusterIP with/);
    });

    it("a Service without selector and without the hosts of the partner", () => {
      const [first] = diagnoseService(plain({ type: "ClusterIP", loadBalancerClass: undefined }));
      assert.match(
        first?.hint ?? "",
        /^to reach hosts of the partner, add the annotation ipman.dialo.ai\/remote: ADDRESS; to show/,
      );
    });

    it("every field that is wrong", () => {
      const service = web({ annotations: { [annotation.pool]: "", [annotation.address]: "x" } });
      finds(exposed({ service }), /^request: metadata.annotations.*poolName: is missing/, [], 2);
    });

    it("a Service that is being deleted", () => {
      const { metadata, ...others } = web();
      const service = { ...others, metadata: { ...metadata, deletionTimestamp: "now" } };
      finds(exposed({ service }), /being deleted/, []);
    });
  });

  describe("finds what is wrong with the names", () => {
    const passed = ["request"];
    it("a connection that does not exist", () => {
      const facts = exposed({ connection: { why: undefined } });
      finds(facts, /^connection: there is no IPSecConnection "bank"/, passed);
    });

    it("a child and a pool that do not exist", () => {
      const service = (changes: object) => withCondition(web({ annotations: changes }));
      const child = exposed({ service: service({ [annotation.child]: "lan" }) });
      finds(child, /bank has no child "lan"; known: net$/, passed);
      const pool = exposed({ service: service({ [annotation.pool]: "x" }) });
      finds(pool, /child net has no pool "x"; known: primary$/, passed);
    });

    it("a namespace that may not use the connection", () => {
      const facts = exposed({ connection: connection({ allowedNamespaces: ["erp"] }) });
      finds(facts, /namespace shop may not use bank: .* are erp$/, passed);
    });

    it("nothing in a connection that may not be read, or whose manifest is invalid now", () => {
      for (const unknown of [{ why: "forbidden" }, connection({ remoteAddr: "?" })]) {
        const [, second, third] = diagnoseService(exposed({ connection: unknown }));
        assert.equal(second?.verdict, "note");
        assert.equal(third?.verdict, "ok");
      }
    });
  });

  describe("finds what is wrong with the address", () => {
    const passed = ["request", "connection"];
    it("an operator that does not answer", () => {
      finds(exposed({ service: web() }), /operator has not answered/, passed);
    });

    for (const reason of [
      "PoolExhausted",
      "AddressTaken",
      "NotAvailable",
      "FamilyMismatch",
      "HostNotRouted",
      "GatewayPortsExhausted",
      "TooManyServices",
      "LaterReason",
    ] as ServiceReason[])
      it(`the operator's refusal ${reason}`, () => {
        const service = withCondition(web(), reason, "because");
        finds(exposed({ service }), new RegExp(`^address: ${reason}: because$`), passed);
        const hints = diagnoseService(exposed({ service })).map(({ hint }) => hint);
        assert.equal(hints.includes("follow the message"), reason === ("LaterReason" as string));
      });
  });

  describe("finds what is wrong with the endpoints", () => {
    const passed = ["request", "connection", "address"];
    it("a selector that selects no pod, and neither selector nor endpoints", () => {
      finds(exposed({ slices: [] }), /its selector app=web selects no pod/, passed);
      const service = withCondition(web());
      finds(exposed({ slices: endpointsOf(), service }), /neither a selector/, passed);
    });

    it("a port that no endpoint serves", () => {
      const slices = [sliceObject(shop, "web-1", [pod("10.244.0.7")], [])];
      finds(exposed({ slices }), /no endpoint serves port 443\/tcp/, passed);
    });

    it("endpoints of which none is ready, unless one still serves", () => {
      const conditions = { ready: false };
      const waiting = pod("10.244.0.7", { conditions });
      finds(
        exposed({ slices: endpointsOf(waiting) }),
        /none of the 1 endpoints of port 443/,
        passed,
      );
      const ending = pod("10.244.0.8", {
        conditions: { ready: false, serving: true, terminating: true },
      });
      const findings = diagnoseService(exposed({ slices: endpointsOf(waiting, ending) }));
      assert.match(lines(findings)[3] ?? "", /^note endpoints: none is ready; 1 that end/);
    });

    it("endpoints of the other family, unless one is a worker of the child", () => {
      const other = endpointsOf(pod("fd00::7", { targetRef: { kind: "Pod", uid: "pod-7" } }));
      finds(exposed({ slices: other }), /has an IPv4 address, and the child is IPv4/, passed);
      const workers = [{ id: "pod-7", address: "10.0.2.12/24" }];
      const tunnel = { child: childStatus({ workers }), sas: [] };
      assert.deepEqual(found(exposed({ slices: other, tunnel })).problems, []);
      const unread = exposed({ slices: other, tunnel: { why: "forbidden" } });
      assert.deepEqual(found(unread).problems, [], "the agent alone knows which pods are workers");
    });

    it("a local Service without an endpoint on the node of the active gateway", () => {
      const spec = { ...selecting, externalTrafficPolicy: "Local" };
      const service = withCondition(web({ spec }));
      const slices = endpointsOf(pod("10.244.1.7", { nodeName: "node-b" }));
      finds(
        exposed({ service, slices }),
        /no ready endpoint of port 443\/tcp is on node-a/,
        passed,
      );
      assert.deepEqual(found(exposed({ service })).problems, []);
    });
  });
});
