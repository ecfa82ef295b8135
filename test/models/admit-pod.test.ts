import assert from "node:assert/strict";
import { after, describe, it, mock } from "node:test";
import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";
import type { AdmissionRequest } from "../../src/adapters/kubernetes/admission/admission-review.ts";
import { resourceTypes } from "../../src/adapters/kubernetes/client/resource-type.ts";
import type { KubeObject } from "../../src/model/kubernetes/kube-object.ts";
import { asking, Replica } from "../simulator/admitting.ts";
import { KubeApi } from "../simulator/kube-api.ts";
import { pass } from "../simulator/two-replicas.ts";

describe("the admission of a pod", () => {
  after(() => {
    mock.reset();
    mock.timers.reset();
  });

  it("has one deadline for everything that it waits for", async () => {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
    mock.method(performance, "now", () => Date.now());
    const api = new KubeApi(() => 1);
    using replica = new Replica(api, true);
    await pass(500);
    const object = asking("pod");
    const fields = { uid: "u", kind: { kind: "Pod" }, name: "pod", namespace: "default" };
    const request: AdmissionRequest = { ...fields, operation: "CREATE", object, oldObject: null };
    const began = performance.now();
    const answer = replica.admission.admit(request, began + 4_000).then((verdict) => {
      return { verdict, tookMs: performance.now() - began };
    });
    // The request waits for the connection, which is created, and then for a gateway, which is not.
    await pass(900);
    const net = childSpec(2, { name: "net", ip_pools: { primary: ["10.0.2.10"] } });
    const connection = connectionSpec("partner", { children: { net }, nodeName: "node-a" });
    api.put(resourceTypes.IPSecConnection, connection as KubeObject);
    await pass(3_500);
    const unsettled = { verdict: undefined, tookMs: Infinity };
    const { verdict, tookMs } = await Promise.race([answer, Promise.resolve(unsettled)]);
    assert.ok(verdict?.allowed === false && verdict.code === 429, JSON.stringify(verdict));
    assert.match(verdict.message, /^the gateway of partner\/net is not running yet/);
    assert.ok(tookMs > 3_000 && tookMs < 4_000, `${tookMs} ms`);
  });
});
