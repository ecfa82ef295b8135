import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress, type Address } from "../../model/net/address.ts";
import type { ChildServices } from "../../model/translation/child-services.ts";
import { servicesStatus } from "./services-status.ts";

const address = (text: string) => parseAddress(text) as Address;
const services: ChildServices = {
  exposed: [
    {
      service: "shop/web",
      address: address("fd00::60"),
      transport: "tcp",
      port: 443,
      affinity: false,
      backends: [{ address: address("10.244.0.5"), port: 8443 }],
    },
  ],
  remote: [
    {
      service: "shop/db",
      transport: "udp",
      gatewayPort: 20_001,
      source: address("10.0.2.70"),
      backends: [{ address: address("10.1.2.7"), port: 5432 }],
    },
  ],
};

describe("the status of Services", () => {
  it("has addresses as text, the number of endpoints and the partner's hosts", () => {
    assert.deepEqual(servicesStatus(services), {
      exposed: [{ service: "shop/web", transport: "tcp", address: "[fd00::60]:443", backends: 1 }],
      remote: [
        {
          service: "shop/db",
          transport: "udp",
          gatewayPort: 20_001,
          source: "10.0.2.70",
          hosts: ["10.1.2.7:5432"],
        },
      ],
    });
  });

  it("is the same object for the same Services", () => {
    assert.equal(servicesStatus(services), servicesStatus(services));
  });
});
