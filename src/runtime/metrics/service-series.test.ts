import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { serviceText, type ServiceState } from "./service-series.ts";

const seriesOf = (...services: readonly ServiceState[]) =>
  serviceText(services)
    .split("\n")
    .filter((line) => /^\w+\{/.test(line));

describe("the operator's metrics of Services", () => {
  const web = { service: "shop/web", connection: "partner", child: "net" };

  it("show whether each is ready, and whether the gateway of its child runs", () => {
    assert.deepEqual(seriesOf({ ...web, isReady: false, hasGateway: true }), [
      'ipman_service_ready{connection="partner",child="net",service="shop/web"} 0',
      'ipman_service_gateway_present{connection="partner",child="net",service="shop/web"} 1',
    ]);
  });

  it("have no gateway of a Service without an address, and no child of an invalid one", () => {
    assert.deepEqual(seriesOf({ ...web, isReady: false }, { service: "shop/x", isReady: false }), [
      'ipman_service_ready{connection="partner",child="net",service="shop/web"} 0',
      'ipman_service_ready{service="shop/x"} 0',
    ]);
  });
});
