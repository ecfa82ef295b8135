import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { freshKernel, place } from "../../../test/simulator/kernel/applied.ts";
import { address, gatewayFacts, prefix } from "../../../test/simulator/kernel/plans.ts";
import { gatewayPlan } from "../../model/network/gateway-plan.ts";
import type { Volume, Volumes } from "../../model/rules/counting-plan.ts";
import type { ExposedPort } from "../../model/translation/child-services.ts";
import { FilterMemory } from "../nftables/apply-rules.ts";
import { countersOf } from "../nftables/read-counters.ts";
import { applyPlan } from "./apply-plan.ts";

const counter = "service/shop/web/inbound";
const some: Volume = { packets: 5n, bytes: 18_446_744_073_709_551_615n };

/** A port of a Service with a backend. */
function web(backend: string, changes: Partial<ExposedPort> = {}): ExposedPort {
  return {
    service: "shop/web",
    address: address("10.0.2.60"),
    transport: "tcp",
    port: 443,
    affinity: false,
    backends: [{ address: address(backend), port: 80 }],
    ...changes,
  };
}

/** A gateway whose counters can be advanced. */
function countingGateway() {
  const kernel = freshKernel();
  const pod = kernel.namespace("pod");
  return {
    kernel,
    pod,
    serve: (
      memory: FilterMemory,
      exposed: readonly ExposedPort[],
      changes: Partial<typeof gatewayFacts> = {},
    ): number => {
      const plan = gatewayPlan({ ...gatewayFacts, services: { exposed, remote: [] }, ...changes });
      return applyPlan(place, plan, memory, kernel).changes;
    },
    /** Lets packets pass. */
    count: (volumes: Volumes): void => {
      const table = pod.tables.get("ipman") ?? assert.fail("the table does not exist");
      assert.ok(volumes.keys().every((name) => table.counters.has(name)));
      pod.tables.set("ipman", { ...table, counters: new Map([...table.counters, ...volumes]) });
    },
    value: (name = counter) => countersOf("pod", { table: "ipman" }, kernel.netlink).get(name),
  };
}

describe("the counters of a gateway", () => {
  it("begin at 0, and stay while the endpoints of their Service change", () => {
    const { serve, count, value } = countingGateway();
    const memory = new FilterMemory();
    serve(memory, [web("10.244.2.5")]);
    assert.deepEqual(value(), { packets: 0n, bytes: 0n });
    count(new Map([[counter, some]]));
    assert.equal(serve(memory, [web("10.244.2.5")]), 0, "packets that were counted change nothing");
    serve(memory, [web("10.244.2.6")]);
    assert.deepEqual(value(), some);
    serve(memory, [{ ...web("10.244.2.6"), backends: [] }]);
    assert.deepEqual(value(), some);
  });

  it("stay while the ports or the address of their Service change, and other Services come and go", () => {
    const { serve, count, value } = countingGateway();
    const memory = new FilterMemory();
    serve(memory, [web("10.244.2.5")]);
    count(new Map([[counter, some]]));
    serve(memory, [web("10.244.2.5", { port: 444 })]);
    assert.deepEqual(value(), some);
    serve(memory, [web("10.244.2.5", { port: 445, address: address("10.0.2.61") })]);
    assert.deepEqual(value(), some);
    const other = web("10.244.2.5", { service: "shop/other" });
    serve(memory, [web("10.244.2.5"), { ...other, port: 80 }]);
    serve(memory, [web("10.244.2.5", { port: 80 })]);
    assert.deepEqual(value(), some);
    assert.equal(value("service/shop/other/inbound"), undefined);
  });

  it("are removed with their Service, which begins at 0 when it returns", () => {
    const { serve, count, value } = countingGateway();
    const memory = new FilterMemory();
    const other = web("10.244.2.5", { service: "shop/other", port: 80 });
    serve(memory, [web("10.244.2.5"), other]);
    count(new Map([[counter, some]]));
    serve(memory, [other]);
    assert.equal(value(), undefined);
    serve(memory, [web("10.244.2.5"), other]);
    assert.deepEqual(value(), { packets: 0n, bytes: 0n });
  });

  it("stay when the table is replaced, as after a restart or for another MTU", () => {
    const { kernel, serve, count, value } = countingGateway();
    serve(new FilterMemory(), [web("10.244.2.5")]);
    count(new Map([[counter, some]]));
    kernel.requests();
    const memory = new FilterMemory();
    serve(memory, [web("10.244.2.6")]);
    assert.match(kernel.requests(), /nft delete table inet ipman/);
    assert.deepEqual(value(), some);
    serve(memory, [web("10.244.2.6")], { tunnelMtu: 1_300 });
    assert.match(kernel.requests(), /nft delete table inet ipman/);
    assert.deepEqual(value(), some);
  });

  it("count the rules of a translation, and stay when one of them changes", () => {
    const { serve, count, value } = countingGateway();
    const nat = (...seen: readonly string[]) => ({
      child: {
        ...gatewayFacts.child,
        nat: {
          addresses: undefined,
          local: seen.map((text, i) => ({ actual: prefix(`10.0.${i}.0/24`), seen: prefix(text) })),
          remote: [],
        },
      },
    });
    const rule = "nat/source/10.0.0.0/24/as/192.168.7.0/24/outbound";
    const memory = new FilterMemory();
    serve(memory, [], nat("192.168.7.0/24"));
    count(new Map([[rule, some]]));
    serve(memory, [], nat("192.168.7.0/24", "192.168.8.0/24"));
    assert.deepEqual(value(rule), some);
    assert.equal(serve(memory, [], nat("192.168.7.0/24", "192.168.8.0/24")), 0);
  });

  it("begin at 0 in a replaced table if the kernel does not show them", () => {
    const { kernel, pod, serve, count, value } = countingGateway();
    serve(new FilterMemory(), [web("10.244.2.5")]);
    count(new Map([[counter, some]]));
    pod.countersError = "EPERM";
    serve(new FilterMemory(), [web("10.244.2.6")]);
    pod.countersError = undefined;
    assert.match(kernel.requests(), /dnat ip to 10\.244\.2\.6:80/);
    assert.deepEqual(value(), { packets: 0n, bytes: 0n });
  });
});
