import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { drops } from "../../sites/drops.ts";
import type { PeerSite } from "../peer-site.ts";
import type { Tunnel } from "../tunnel.ts";

/** ipman ends a surplus SA after 10 to 20 seconds. */
const longestMs = 40_000;
/** A peer that negotiates an ended SA again does so in less time. */
const steadyMs = 1_000;

/**
 * Runs an act under pings of a tunnel, one every 10 ms. Only those may be lost that haste loses, and so
 * many others.
 */
export async function underPings(
  site: PeerSite,
  tunnel: Tunnel,
  act: () => Promise<void>,
  others = 0,
): Promise<void> {
  const before = site.hasteLosses();
  const dropsBefore = drops();
  const pinging = site.pinging(tunnel);
  try {
    await pinging.begun();
    await act();
  } finally {
    const { lost } = await pinging.stop();
    const most = site.hasteLosses() - before + site.gapMs / 10 + others;
    const dropped = [...drops()]
      .map(([counter, count]) => [counter, count - (dropsBefore.get(counter) ?? 0)] as const)
      .filter(([, count]) => count > 0);
    const why = `lost pings, of which ${most} may be: ${lost.join("; ")}; dropped: ${dropped.map((one) => one.join(" ")).join(", ")}`;
    assert.ok(lost.length <= most, why);
  }
  await site.ready(tunnel);
}

/** Waits until a tunnel has one IKE SA and one CHILD SA, under pings, and that these stay. */
export async function settlesUnderPings(site: PeerSite, tunnel: Tunnel): Promise<void> {
  await underPings(site, tunnel, () => site.settles(tunnel, undefined, longestMs));
  const settled = await site.sas(tunnel);
  site.carries(tunnel);
  await pause(steadyMs);
  assert.deepEqual(await site.sas(tunnel), settled);
}
