import assert from "node:assert/strict";
import { it } from "node:test";
import { Registry } from "prom-client";
import { BeatMetrics } from "./beat-metrics.ts";

it("the metrics of beats have the present peers and connections, and no former ones", async () => {
  const registry = new Registry();
  const metrics = new BeatMetrics(registry);
  const peers = new Map([
    ["node:b", "present"],
    ["node:c", "absent"],
  ] as const);
  const leading = new Map([["site", true]]);
  const presenceOf = (group: string) => peers.get(group as "node:b") ?? "unknown";
  const groups = { [Symbol.iterator]: () => peers.keys() };
  metrics.show({ groups, presenceOf }, { leading });
  metrics.count("sent", "accepted");
  const scrape = async () =>
    (await registry.metrics()).split("\n").filter((line) => /^[^#]/.test(line));
  assert.deepEqual(await scrape(), [
    'ipman_beats_total{direction="sent",result="accepted"} 1',
    'ipman_peer_present{group="node:b"} 1',
    'ipman_peer_present{group="node:c"} 0',
    'ipman_connection_leading{connection="site"} 1',
  ]);
  peers.clear();
  leading.set("site", false);
  assert.deepEqual((await scrape()).slice(1), ['ipman_connection_leading{connection="site"} 0']);
});
