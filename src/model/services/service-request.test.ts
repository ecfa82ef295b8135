import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { annotation } from "../kubernetes/labels.ts";
import { formatAddress } from "../net/address.ts";
import { tunnelClass, type ServiceObject } from "./service-object.ts";
import { serviceRequest } from "./service-request.ts";

const names = {
  [annotation.connection]: "bank",
  [annotation.child]: "net",
  [annotation.pool]: "primary",
};

function service(spec: ServiceObject["spec"], annotations: object = {}): ServiceObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "shop", annotations: { ...names, ...annotations } },
    spec: { ports: [{ name: "https", port: 443, targetPort: "web" }], ...spec },
  };
}

const shown = { type: "LoadBalancer", loadBalancerClass: tunnelClass };
const requestOf = (object: ServiceObject) => {
  const result = serviceRequest(object);
  if (result?.ok !== true) throw new Error(JSON.stringify(result?.problems));
  return result.value;
};
const pathsOf = (object: ServiceObject) => {
  const result = serviceRequest(object);
  return result?.ok === false ? result.problems.map(({ path }) => path) : [];
};
const remote = (hosts: string, spec: ServiceObject["spec"] = {}) =>
  service({ ports: [{ port: 5432 }], ...spec }, { [annotation.remote]: hosts });

describe("the request of a Service", () => {
  it("knows the families of a remote Service's cluster IPs", () => {
    const familiesOf = (ipFamilies: unknown) => {
      const request = requestOf(remote("10.1.2.7", { ipFamilies } as ServiceObject["spec"]));
      return request.kind === "remote" ? request.families : undefined;
    };
    assert.deepEqual(familiesOf(["IPv6", "IPv4"]), [4, 6]);
    assert.deepEqual(familiesOf(["IPv6"]), [6]);
    assert.deepEqual([undefined, null, "IPv4", [4]].map(familiesOf), [[], [], [], []]);
  });

  it("is absent for a Service of another class, even with ipman's annotations", () => {
    assert.equal(serviceRequest(service({ type: "ClusterIP" })), undefined);
    assert.equal(
      serviceRequest(service({ ...shown, loadBalancerClass: "other/class" })),
      undefined,
    );
  });

  it("has the ports, the policy and the affinity of a Service that is shown to the partner", () => {
    const request = requestOf(
      service({ ...shown, externalTrafficPolicy: "Local", sessionAffinity: "ClientIP" }),
    );
    assert.deepEqual(request, {
      kind: "exposed",
      service: "shop/web",
      namespace: "shop",
      connection: "bank",
      child: "net",
      pool: "primary",
      address: undefined,
      ports: [{ name: "https", transport: "tcp", port: 443 }],
      affinity: true,
      isLocal: true,
    });
  });

  it("has the partner's hosts and ports of a remote Service", () => {
    const request = requestOf(
      remote("10.0.1.7, 10.0.1.8", { ports: [{ port: 80, targetPort: 8080, protocol: "UDP" }] }),
    );
    assert.ok(request.kind === "remote");
    assert.deepEqual(request.hosts.map(formatAddress), ["10.0.1.7", "10.0.1.8"]);
    assert.deepEqual(request.ports, [{ name: "", transport: "udp", port: 80, hostPort: 8080 }]);
  });

  it("names every missing annotation and every bad address", () => {
    const object = service(shown, { [annotation.address]: "10.0.2", [annotation.pool]: "" });
    const at = (key: string) => `metadata.annotations.${key}`;
    assert.deepEqual(pathsOf(object), [at(annotation.pool), at(annotation.address)]);
    assert.deepEqual(pathsOf(remote("10.0.1.7, server")), [at(annotation.remote)]);
    assert.deepEqual(pathsOf(remote("10.0.1.7, fd00::1")), [at(annotation.remote)]);
  });

  it("refuses headless, selecting and ExternalName forms of a remote Service with the reason", () => {
    assert.deepEqual(pathsOf(remote("10.0.1.7", { clusterIP: "None" })), ["spec.clusterIP"]);
    assert.deepEqual(pathsOf(remote("10.0.1.7", { selector: { app: "x" } })), ["spec.selector"]);
    assert.deepEqual(pathsOf(remote("10.0.1.7", { type: "ExternalName" })), ["spec.type"]);
    assert.deepEqual(pathsOf(remote("10.0.1.7", shown)), ["spec.loadBalancerClass"]);
    const named = { ports: [{ port: 80, targetPort: "web" }] };
    assert.deepEqual(pathsOf(remote("10.0.1.7", named)), ["spec.ports"]);
  });

  it("is refused with more ports than a slice of endpoints is read with", () => {
    const ports = Array.from({ length: 101 }, (_, i) => ({ name: `p${i}`, port: 5000 + i }));
    assert.deepEqual(pathsOf(service({ ...shown, ports })), ["spec.ports"]);
    assert.deepEqual(pathsOf(service({ ...shown, ports: ports.slice(1) })), []);
  });
});
