import type { Cases } from "./case.ts";
import type { PeerSite } from "../peer-site.ts";
import { first } from "./establish.ts";

/** Ends SAs of the tunnel, and waits until others carry pings. */
async function isBack(site: PeerSite, kind: "ike" | "children", end: () => unknown): Promise<void> {
  await site.ready(first, 5_000);
  const before = await site.sas(first);
  await end();
  await site.settles(first, (sas) => sas[kind][0] !== before[kind][0], 30_000);
  await site.answers(first);
  await site.ready(first);
}

export const endings = {
  "peer-deletes-child": (site) => isBack(site, "children", () => site.peer.deleteChild?.(first)),

  "peer-deletes-ike": (site) => isBack(site, "ike", () => site.peer.deleteIke(first)),

  "peer-restarts": (site) => isBack(site, "ike", () => site.restartPeer()),

  "peer-restarts-first": (site) =>
    isBack(site, "ike", async () => {
      await site.restartPeer();
      await site.peer.initiate(first);
    }),

  "peer-hangs": async (site) => {
    await site.ready(first, 5_000);
    site.peer.pause();
    try {
      await site.ipman.reason(first.name, "PeerUnreachable", 30_000);
    } finally {
      site.peer.resume();
    }
    await site.settles(first, undefined, 30_000);
    await site.answers(first);
    await site.ready(first);
  },
} satisfies Cases;
