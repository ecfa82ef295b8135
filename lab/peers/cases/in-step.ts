import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { PeerSite } from "../peer-site.ts";
import { tunnelOf } from "../tunnel.ts";
import { underPings } from "./under-pings.ts";

const seconds = 4;
const tunnel = tunnelOf("in-step", 20, { peerReauthenticates: seconds });
const extra = {
  rekey_time: "0s",
  reauth_time: `${seconds}s`,
  over_time: "60s",
  rand_time: "0s",
};
const watchedMs = 24_000;
/** Each side replaces each of two IKE SAs, before those end. */
const most = 6;

/** Both sides reauthenticate each IKE SA at the same times, which doubles their number each time. */
export async function inStep(site: PeerSite): Promise<void> {
  await site.up(tunnel, {}, { extra });
  const counts: number[] = [];
  await underPings(site, tunnel, async () => {
    const since = performance.now();
    while (performance.now() - since < watchedMs) {
      counts.push((await site.sas(tunnel)).ike.length);
      await pause(100);
    }
    await site.settles(tunnel);
  });
  assert.ok(Math.max(...counts) <= most, `IKE SAs over time: ${counts.join(" ")}`);
  await site.remove(tunnel);
}
