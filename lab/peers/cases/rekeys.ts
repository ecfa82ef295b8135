import type { Cases } from "./case.ts";
import type { PeerSite } from "../peer-site.ts";
import { childKey, type Tunnel } from "../tunnel.ts";
import { first } from "./establish.ts";
import { settlesUnderPings, underPings } from "./under-pings.ts";

/** Waits for another SA of a kind, under pings. */
async function isReplaced(
  site: PeerSite,
  tunnel: Tunnel,
  kind: "ike" | "children",
  start: () => unknown,
  mayBeEarly = false,
): Promise<void> {
  await site.ready(tunnel, 5_000);
  const before = await site.sas(tunnel);
  const replace = async () => {
    await start();
    await site.settles(tunnel, (sas) => sas[kind][0] !== before[kind][0]);
  };
  await underPings(site, tunnel, replace, mayBeEarly);
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

  "peer-repeats": async (site) => {
    await site.ready(first, 5_000);
    await site.peer.initiate(first);
    await settlesUnderPings(site, first);
  },
} satisfies Cases;
