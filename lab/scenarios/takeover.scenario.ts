import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { find } from "../sites/ipman.ts";
import { childSpec, connectionSpec } from "../sites/manifests.ts";
import { Pinging } from "../sites/pings.ts";
import { SecondPeer } from "../sites/second-peer.ts";
import { eventually, ip } from "../sites/shell.ts";
import {
  gateways,
  lengthenCables,
  otherThan,
  plug,
  second,
  type PathName,
} from "../sites/two-gateways.ts";
import { TwoSites } from "../sites/two-sites.ts";

const name = "first";
const [probed, neighbour] = ["10.1.2.1", "10.1.2.7"];
const children = { "child-2": childSpec(2, { probe: { address: probed } }) };
/** Milliseconds of a round trip to each gateway. */
const roundTripMs = 40;
const settings = ["retransmit_tries = 3", "retransmit_timeout = 1.0", "retransmit_base = 1.4"];

describe("a connection with two gateways of the partner and a probe", () => {
  const resources = new AsyncDisposableStack();
  let lab: TwoSites;
  let other: SecondPeer;

  before(async () => {
    lab = resources.use(await TwoSites.build());
    other = resources.use(await SecondPeer.build(lab.folder, { settings }));
    await other.mirror(connectionSpec(name, { children, ...second }));
    lengthenCables(roundTripMs, neighbour);
    await lab.up(
      connectionSpec(name, {
        children,
        paths: [{ name: "main" }, { name: "backup", ...second }],
        failover: { failback: "never" },
      }),
    );
  });
  after(() => resources.disposeAsync());

  const pathsOf = async () => find(await lab.ipman.status(), name)?.paths ?? [];
  /** Waits until the path is active and its probe is answered, with the other one ready. */
  const settled = (path: PathName) =>
    lab.ipman.until((status) => {
      const found = find(status, name);
      const isUp = found?.paths?.every(({ state }) => state === "established") === true;
      const active = found?.paths?.find(({ role }) => role === "active")?.name;
      return isUp && active === path && found?.children[0]?.reachability === "reachable";
    }, 60_000);
  const switches = async (cause: string) =>
    (await lab.ipman.metrics()).get(
      `ipman_path_switches_total{connection="${name}",cause="${cause}"}`,
    ) ?? 0;
  /** The sum of the gaps of all switches in seconds, and their number, as the probe measures them. */
  const gaps = async () => {
    const metrics = await lab.ipman.metrics();
    const labels = `{connection="${name}",child="child-2"}`;
    const [sum = NaN, count = NaN] = ["sum", "count"].map((of) =>
      metrics.get(`ipman_path_switch_gap_seconds_${of}${labels}`),
    );
    return { sum, count };
  };

  it("takes the other gateway if the network behind the active one is lost", async (t) => {
    await settled("main");
    const pinging = new Pinging("app", neighbour);
    await pinging.begun();
    ip("-n peer addr flush dev lo");
    await settled("backup");
    const { sent, lost } = await pinging.stop();
    t.diagnostic(`${lost.length} of ${sent} pings, each 10 ms, were lost`);
    ip(`-n peer addr add ${probed}/24 dev lo`);
    ip(`-n peer addr add ${neighbour}/32 dev lo`);
    assert.ok(lost.length < 300, `${lost.length} of ${sent} pings`);
  });

  it("loses nothing of the other traffic if the probed host itself is down", async (t) => {
    await settled("backup");
    const before = await switches("unreachable");
    const pinging = new Pinging("app", neighbour);
    await pinging.begun();
    for (const { netns } of Object.values(gateways)) ip(`-n ${netns} addr del ${probed}/24 dev lo`);
    await pause(20_000);
    const { sent, lost } = await pinging.stop();
    for (const { netns } of Object.values(gateways)) ip(`-n ${netns} addr add ${probed}/24 dev lo`);
    t.diagnostic(`${sent} pings, ${(await switches("unreachable")) - before} switches`);
    assert.deepEqual(lost, []);
    assert.ok((await switches("unreachable")) <= before + 3);
  });

  it("takes the other gateway within a second of the loss of the active one, ten times", async (t) => {
    const before = await switches("unreachable");
    let active: PathName = (await pathsOf())[0]?.role === "active" ? "main" : "backup";
    // The attempts for the host that was down are forgotten.
    await settled(active);
    await pause(31_000);
    const gapsBefore = await gaps();
    const lostPings: number[] = [];
    for (let run = 0; run < 10; run++) {
      await settled(active);
      await pause(1_000 + 37 * run);
      const pinging = new Pinging("app", neighbour);
      await pinging.begun();
      plug(active, "down");
      const next = otherThan(active);
      await eventually(async () => {
        assert.equal((await pathsOf()).find(({ role }) => role === "active")?.name, next);
      }, 10_000);
      await pause(500);
      const { sent, lost } = await pinging.stop();
      lostPings.push(lost.length);
      assert.ok(lost.length < 300, `${lost.length} of ${sent} pings`);
      plug(active, "up");
      active = next;
    }
    const sorted = lostPings.toSorted((a, b) => a - b);
    const median = ((sorted[4] ?? 0) + (sorted[5] ?? 0)) / 2;
    t.diagnostic(`lost pings, each 10 ms: median ${median}, ${lostPings.join(", ")}`);
    assert.equal(await switches("unreachable"), before + 10);
    const { sum, count } = await gaps();
    const meanLost = lostPings.reduce((total, lost) => total + lost / 100, 0) / lostPings.length;
    const meanGap = (sum - gapsBefore.sum) / 10;
    t.diagnostic(
      `gaps by the probe: ${meanGap.toFixed(3)} s on average; lost pings: ${meanLost} s`,
    );
    assert.equal(count, gapsBefore.count + 10);
    // The probe asks three times a second, and begins again after the switch.
    assert.ok(meanGap > meanLost - 0.1 && meanGap < meanLost + 1.2, `${meanGap} and ${meanLost} s`);
  });
});
