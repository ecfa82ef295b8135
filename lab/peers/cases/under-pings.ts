import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { xfrmErrors } from "../../../src/adapters/xfrm/xfrm-errors.ts";
import type { PeerSite } from "../peer-site.ts";
import type { Tunnel } from "../tunnel.ts";

/** ipman ends a surplus SA after 10 to 20 seconds. */
const longestMs = 40_000;
/** A peer that negotiates an ended SA again does so in less time. */
const steadyMs = 1_000;

/**
 * Runs an act under pings of a tunnel, none of which may be lost. If answers may be early, those that
 * arrived before charon had installed their SA do not count.
 */
export async function underPings(
  site: PeerSite,
  tunnel: Tunnel,
  act: () => Promise<void>,
  mayBeEarly = site.sendsEarly,
): Promise<void> {
  const earlyBefore = earlyPackets();
  const pinging = site.pinging(tunnel);
  try {
    await pinging.begun();
    await act();
  } finally {
    const { lost } = await pinging.stop();
    const early = mayBeEarly ? earlyPackets() - earlyBefore : 0;
    assert.ok(lost.length <= early, `${early} answers were early; lost pings: ${lost.join("; ")}`);
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

/** The number of packets that arrived at the node for SPIs whose SAs charon had not installed. */
function earlyPackets(): number {
  return xfrmErrors(undefined).get("XfrmAcquireError") ?? 0;
}
