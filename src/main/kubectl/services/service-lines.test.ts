import assert from "node:assert/strict";
import { it } from "node:test";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";
import type { ServiceObject } from "../../../model/services/service-object.ts";
import { exposedService, remoteService } from "../../../model/services/services.fixture.ts";
import { serviceLines } from "./service-lines.ts";

// A terminal would have colours.
process.env["NO_COLOR"] = "1";

const bank = { connection: "bank", child: "net", pool: "primary" };
const answered = (object: KubeObject, status: string, reason: string) => {
  const { status: known } = object as ServiceObject;
  const condition = { type: "ipman.dialo.ai/Ready", status, reason, message: "because" };
  return { ...object, status: { ...known, conditions: [condition] } } as ServiceObject;
};

it("the Services of a connection are listed with the operator's answers", () => {
  const services = [
    answered(exposedService("shop/web", bank, "10.0.2.10"), "True", "Ready"),
    answered(remoteService("erp/orders", bank, "10.1.2.7, 10.1.2.8"), "False", "TunnelDown"),
    exposedService("shop/new", bank, undefined),
    answered(remoteService("shop/bad", bank, "x"), "False", "InvalidService"),
    exposedService("shop/other", { ...bank, connection: "partner" }, "10.0.9.9"),
    exposedService("shop/plain", bank, "10.0.2.11", { spec: { type: "ClusterIP" } }),
  ] as ServiceObject[];
  assert.deepEqual(serviceLines(services, "bank"), [
    "",
    "Services",
    "  ✗ erp/orders  net remote 10.1.2.7 10.1.2.8 5432/tcp: TunnelDown: because",
    "  ✗ shop/bad    net remote: InvalidService: because",
    "  ! shop/new    net exposed no address 443/tcp: the operator has not answered",
    "  ✓ shop/web    net exposed 10.0.2.10 443/tcp",
  ]);
  assert.deepEqual(serviceLines(services, "elsewhere"), []);
});
