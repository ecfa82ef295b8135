import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CountedTraffic } from "../../model/traffic/counted-traffic.ts";
import { trafficText } from "./traffic-series.ts";

const child = { connection: "partner", child: "web" };
const volumes = {
  inbound: { packets: 3n, bytes: 180n },
  outbound: { packets: 2n, bytes: 120n },
};
const web: CountedTraffic = {
  ...child,
  ...volumes,
  kind: "service",
  name: "shop/web",
  endpoints: 0,
};
const database: CountedTraffic = { ...child, ...volumes, kind: "service", name: "shop/database" };
const rule: CountedTraffic = { ...child, ...volumes, kind: "nat", name: "source 10.0.2.50" };

async function seriesOf(gateways: Iterable<readonly CountedTraffic[]>): Promise<string[]> {
  const text = await trafficText({ countedTraffic: () => gateways }, new AbortController().signal);
  return text.split("\n").filter((line) => /^\w+\{/.test(line));
}

describe("the metrics of the traffic of Services and translated addresses", () => {
  it("are those of each Service and rule, in both directions", async () => {
    assert.deepEqual(await seriesOf([[web], [rule]]), [
      'ipman_service_packets_total{connection="partner",child="web",service="shop/web",direction="inbound"} 3',
      'ipman_service_packets_total{connection="partner",child="web",service="shop/web",direction="outbound"} 2',
      'ipman_service_bytes_total{connection="partner",child="web",service="shop/web",direction="inbound"} 180',
      'ipman_service_bytes_total{connection="partner",child="web",service="shop/web",direction="outbound"} 120',
      'ipman_nat_packets_total{connection="partner",child="web",rule="source 10.0.2.50",direction="inbound"} 3',
      'ipman_nat_packets_total{connection="partner",child="web",rule="source 10.0.2.50",direction="outbound"} 2',
      'ipman_nat_bytes_total{connection="partner",child="web",rule="source 10.0.2.50",direction="inbound"} 180',
      'ipman_nat_bytes_total{connection="partner",child="web",rule="source 10.0.2.50",direction="outbound"} 120',
      'ipman_service_endpoints{connection="partner",child="web",service="shop/web"} 0',
    ]);
  });

  it("have endpoints only of Services that the partner reaches", async () => {
    const series = await seriesOf([[web, database]]);
    assert.equal(series.filter((line) => line.startsWith("ipman_service_endpoints")).length, 1);
    assert.equal(series.filter((line) => line.includes('service="shop/database"')).length, 4);
  });

  it("are absent without Services and translation", async () => {
    assert.deepEqual(await seriesOf([]), []);
  });

  it("lets other work run between the gateways", async () => {
    let runs = 0;
    const timer = setInterval(() => runs++, 1);
    const slow = function* () {
      for (let i = 0; i < 3; i++) {
        const until = performance.now() + 10;
        while (performance.now() < until);
        yield [web];
      }
    };
    assert.equal((await seriesOf(slow())).length, 15);
    clearInterval(timer);
    assert.ok(runs > 0, "one turn of the event loop");
  });
});
