import assert from "node:assert/strict";
import type { Cases } from "./case.ts";
import type { PeerSite, UpSas } from "../peer-site.ts";
import { childKey, type Tunnel } from "../tunnel.ts";
import { first } from "./establish.ts";

/** Waits for another SA of a kind, under pings of which none may be lost. */
async function isReplaced(
  site: PeerSite,
  tunnel: Tunnel,
  kind: keyof UpSas,
  start: () => unknown,
  mostLost = 0,
): Promise<void> {
  await site.ready(tunnel, 5_000);
  const before = await site.sas(tunnel);
  const pinging = site.pinging(tunnel);
  try {
    await pinging.begun();
    await start();
    await site.settles(tunnel, (sas) => sas[kind][0] !== before[kind][0]);
  } finally {
    const { lost } = await pinging.stop();
    assert.ok(lost.length <= mostLost, `lost pings: ${lost.join("; ")}`);
  }
  await site.ready(tunnel);
}

export const rekeys = {
  "node-rekeys-child": (site) => {
    const rekey = () => site.command("rekey", { child: childKey(first) });
    return isReplaced(site, first, "children", rekey, site.losesAtRekey);
  },

  "node-rekeys-ike": (site) =>
    isReplaced(site, first, "ike", () => site.command("rekey", { ike: first.name })),

  "peer-rekeys-child": (site) =>
    isReplaced(site, first, "children", () => site.peer.rekeyChild(first)),

  "peer-rekeys-ike": (site) => isReplaced(site, first, "ike", () => site.peer.rekeyIke(first)),
} satisfies Cases;
