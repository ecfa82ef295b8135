import assert from "node:assert/strict";
import { xfrmErrors } from "../../../src/adapters/xfrm/xfrm-errors.ts";
import type { Cases } from "./case.ts";
import type { PeerSite, UpSas } from "../peer-site.ts";
import { childKey, type Tunnel } from "../tunnel.ts";
import { first } from "./establish.ts";

/**
 * Waits for another SA of a kind, under pings. None may be lost but those whose answers `mayBeEarly`
 * and arrived for an SA that charon had not installed yet.
 */
async function isReplaced(
  site: PeerSite,
  tunnel: Tunnel,
  kind: keyof UpSas,
  start: () => unknown,
  mayBeEarly = false,
): Promise<void> {
  await site.ready(tunnel, 5_000);
  const before = await site.sas(tunnel);
  const earlyBefore = earlyPackets();
  const pinging = site.pinging(tunnel);
  try {
    await pinging.begun();
    await start();
    await site.settles(tunnel, (sas) => sas[kind][0] !== before[kind][0]);
  } finally {
    const { lost } = await pinging.stop();
    const early = mayBeEarly ? earlyPackets() - earlyBefore : 0;
    assert.ok(lost.length <= early, `${early} answers were early; lost pings: ${lost.join("; ")}`);
  }
  await site.ready(tunnel);
}

/** The number of packets that arrived at the node for SPIs whose SAs charon had not installed. */
function earlyPackets(): number {
  return xfrmErrors(undefined).get("XfrmAcquireError") ?? 0;
}

export const rekeys = {
  "node-rekeys-child": (site) => {
    const rekey = () => site.command("rekey", { child: childKey(first) });
    return isReplaced(site, first, "children", rekey, site.sendsEarly);
  },

  "node-rekeys-ike": (site) =>
    isReplaced(site, first, "ike", () => site.command("rekey", { ike: first.name })),

  "peer-rekeys-child": (site) =>
    isReplaced(site, first, "children", () => site.peer.rekeyChild(first)),

  "peer-rekeys-ike": (site) => isReplaced(site, first, "ike", () => site.peer.rekeyIke(first)),
} satisfies Cases;
