import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry } from "prom-client";
import type { GatewayUsage } from "../../../model/status/tracked-usage.ts";
import { showTrackedConnections, type TrackingPort } from "./tracking-metrics.ts";

async function shown(trackedConnections: TrackingPort["trackedConnections"]): Promise<string[]> {
  const registry = new Registry();
  showTrackedConnections(registry, { trackedConnections });
  await registry.metrics();
  return (await registry.metrics()).split("\n").filter((line) => /^\w+\{/.test(line));
}

describe("the numbers of tracked connections", () => {
  const web = { connection: "partner", child: "web", connections: 12, limit: 262_144 };

  it("are shown for each gateway that tracks connections, with the limit", async () => {
    assert.deepEqual(await shown(() => [web]), [
      'ipman_gateway_connections{connection="partner",child="web"} 12',
      'ipman_gateway_connections_limit{connection="partner",child="web"} 262144',
    ]);
  });

  it("are those of the same scrape, and absent once the gateway tracks none", async () => {
    const registry = new Registry();
    let usages: GatewayUsage[] = [web];
    showTrackedConnections(registry, { trackedConnections: () => usages });
    assert.match(await registry.metrics(), /_limit\{.*\} 262144/);
    usages = [{ ...web, limit: 5 }];
    assert.match(await registry.metrics(), /_limit\{.*\} 5\n/);
    usages = [];
    assert.doesNotMatch(await registry.metrics(), /\{/);
  });

  it("are absent if the kernel refuses", async () => {
    const refused = () => {
      throw new Error("EPERM");
    };
    assert.deepEqual(await shown(refused), []);
  });
});
