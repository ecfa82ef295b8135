import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { flappingPeriods } from "../../sites/flapping.ts";
import { countPings } from "../../sites/pings.ts";
import type { LabCluster } from "../cluster.ts";
import { Link } from "../link.ts";
import { scraped } from "../scraped.ts";
import { target, type TwoNodes } from "../two-nodes.ts";

const holdSeconds = 10;
const shortestMs = 1_000;
const longestMs = 20_000;
/** One ping every 20 ms, as the machines manage under load. */
const everySeconds = 0.02;
const settleSeconds = 5;
/** An outage of a second at most for each switch, at this rate. */
const mostLostEach = 50;

/** Links that go down and up for minutes. */
export function flappingScenarios(cluster: () => LabCluster, two: TwoNodes): void {
  describe("a link that flaps", () => {
    /** The switches by their cause, each of which the agent counts that leads then. */
    async function switches(): Promise<Record<string, number>> {
      const series = /^ipman_path_switches_total\{.*cause="(?<cause>\w+)"\} (?<count>\d+)$/;
      const counts: Record<string, number> = {};
      for (const line of await scraped(cluster())) {
        const { cause = "", count = "0" } = series.exec(line)?.groups ?? {};
        counts[cause] = (counts[cause] ?? 0) + Number(count);
      }
      return counts;
    }

    /** Pings of the worker while a link flaps. */
    async function flap(link: Link, seconds: number, seed: number) {
      const before = await switches();
      const periods = flappingPeriods(seed, { seconds, shortestMs, longestMs });
      // With -w, an ICMP error ends it.
      const count = (seconds + 2 * settleSeconds) / everySeconds;
      const ping = `ping -n -D -i ${everySeconds} -c ${count} ${target}`;
      const output = two.inWorker(`timeout -s INT ${seconds + 2 * settleSeconds} ${ping} || true`);
      await pause(settleSeconds * 1_000);
      await link.flap(periods);
      const pinged = countPings(await output);
      const after = await switches();
      const since = Object.entries(after).map(([cause, n]) => [cause, n - (before[cause] ?? 0)]);
      const counts = Object.fromEntries(since) as Record<string, number>;
      const { sent, lost } = pinged;
      const times = Map.groupBy(lost, (text) => text.replace(/.*after /, ""));
      const losses = [...times].map(([time, all]) => `${all.length} after ${time}`);
      process.stdout.write(`      ${periods.length} periods: ${periods.join(" ")}\n`);
      process.stdout.write(`      switches: ${JSON.stringify(counts)}\n`);
      process.stdout.write(`      ${lost.length} of ${sent} lost: ${losses.join(", ")}\n`);
      return { counts, lost: lost.length };
    }

    before(() => {
      two.declare({
        failover: { failback: "planned", holdSeconds },
        child: { probe: { address: target } },
      });
    });

    it("returns to the preferred path after the hold", { timeout: 120_000 }, async () => {
      await two.rolesAre("main reserve active standby");
      await two.isReady("reserve");
      assert.equal(two.move("reserve").status, 0);
      await two.isReady("main");
      const pinged = await two.underPings(15, () => two.rolesAre("main reserve active standby"));
      assert.deepEqual(pinged.lost, []);
    });

    it(
      "between the active node and the partner switches a few times in five minutes",
      { timeout: 500_000 },
      async () => {
        using link = Link.withPeer("node-a");
        await two.isReady("reserve");
        const seconds = 300;
        const { counts, lost } = await flap(link, seconds, 1);
        const { failback = 0, unreachable = 0, lost: claims = 0, failed = 0 } = counts;
        const most = mostReturns(seconds);
        assert.ok(failback <= most, `${failback} returns, expected ${most} at most`);
        assert.ok(unreachable <= failback + 1, `${unreachable} losses in ${failback} returns`);
        const all = failback + unreachable + claims + failed;
        assert.ok(lost <= all * mostLostEach, `${lost} pings were lost in ${all} switches`);
        await two.carries();
      },
    );

    it(
      "between the nodes moves the traffic ever less often, which flows once the link is up",
      { timeout: 400_000 },
      async () => {
        using link = Link.betweenNodes();
        await two.isReady("main");
        const { counts } = await flap(link, 60, 2);
        const { lost: claims = 0 } = counts;
        // An agent claims at once, and after 5, 10, 20 and 40 seconds.
        assert.ok(claims <= 8, `${claims} claims`);
        await two.carries();
        await two.isReady("reserve");
      },
    );
  });
}

/** The holds of so many returns, each twice as long as the one before, fit into the time. */
function mostReturns(seconds: number): number {
  return Math.floor(Math.log2(seconds / holdSeconds + 1));
}
