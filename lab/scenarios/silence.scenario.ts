import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { find } from "../sites/ipman.ts";
import { connectionSpec } from "../sites/manifests.ts";
import { Pinging, uncounted } from "../sites/pings.ts";
import { imageRetransmission, retransmissionLines } from "../sites/retransmission.ts";
import { SecondPeer } from "../sites/second-peer.ts";
import { eventually } from "../sites/shell.ts";
import { lengthenCables, otherThan, plug, second, type PathName } from "../sites/two-gateways.ts";
import { TwoSites } from "../sites/two-sites.ts";

const name = "first";
const neighbour = "10.1.2.7";
/** Milliseconds of a round trip to each gateway. */
const roundTripMs = 40;
/** The longest outage, in milliseconds. */
const longestGapMs = 6_000;

describe("a connection with two gateways of the partner and no probe", () => {
  const resources = new AsyncDisposableStack();
  const settings = retransmissionLines(imageRetransmission());
  let lab: TwoSites;
  let other: SecondPeer;

  before(async () => {
    lab = resources.use(await TwoSites.build(settings));
    other = resources.use(await SecondPeer.build(lab.folder, { settings }));
    await other.mirror(connectionSpec(name, second));
    lengthenCables(roundTripMs, neighbour);
    await lab.up(
      connectionSpec(name, {
        paths: [{ name: "main" }, { name: "backup", ...second }],
        failover: { failback: "never" },
      }),
    );
  });
  after(() => resources.disposeAsync());

  const pathsOf = async () => find(await lab.ipman.status(), name)?.paths ?? [];
  const activeOf = async () => (await pathsOf()).find(({ role }) => role === "active")?.name;
  /** Waits until the path is active and the other one is ready. */
  const settled = (path: PathName) =>
    lab.ipman.until((status) => {
      const paths = find(status, name)?.paths ?? [];
      const active = paths.find(({ role }) => role === "active")?.name;
      return active === path && paths.every(({ state }) => state === "established");
    }, 60_000);
  const becomesActive = (path: PathName) =>
    eventually(async () => assert.equal(await activeOf(), path), 12_000);

  it("takes the other gateway within six seconds of the loss of the active one, three times", async (t) => {
    let active: PathName = "main";
    const gaps: number[] = [];
    for (let run = 0; run < 3; run++) {
      await settled(active);
      await pause(3_000 + 650 * run);
      const pinging = new Pinging("app", neighbour);
      await pinging.begun();
      const since = performance.now();
      const lostPath = active;
      plug(lostPath, "down");
      active = otherThan(active);
      await becomesActive(active);
      await pause(500);
      const tookMs = performance.now() - since;
      const { sent, lost } = await pinging.stop();
      const gapMs = Math.round((lost.length * tookMs) / (sent + uncounted));
      gaps.push(gapMs);
      t.diagnostic(`${lost.length} of ${sent} pings were lost, in about ${gapMs} ms`);
      plug(lostPath, "up");
    }
    assert.ok(Math.max(...gaps) <= longestGapMs, gaps.join(", "));
    const metrics = await lab.ipman.metrics();
    const switches = `ipman_path_switches_total{connection="${name}",cause="unreachable"}`;
    assert.equal(metrics.get(switches), 3);
  });

  it("keeps a gateway that misses one answer", async () => {
    await settled("backup");
    other.charon.signal("SIGSTOP");
    // Longer than until the first retransmission of a request that is sent now, at most.
    await pause(1_200);
    other.charon.signal("SIGCONT");
    await pause(4_000);
    assert.equal(await activeOf(), "backup");
  });
});
