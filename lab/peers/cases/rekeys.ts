import type { Cases } from "./case.ts";
import type { PeerSite } from "../peer-site.ts";
import { childKey, tunnelOf, type Tunnel } from "../tunnel.ts";
import { first } from "./establish.ts";
import { inStep } from "./in-step.ts";
import { settlesUnderPings, underPings } from "./under-pings.ts";

const shortChild = tunnelOf("short-child", 5, { peerRekeys: { child: 5 } });
const shortIke = tunnelOf("short-ike", 17, { peerRekeys: { ike: 5 } });
const reauthenticated = tunnelOf("reauthenticated", 19, { peerReauthenticates: 6 });

/** Waits for another SA of a kind, under pings. */
async function isReplaced(
  site: PeerSite,
  tunnel: Tunnel,
  kind: "ike" | "children",
  start: () => unknown = () => {},
  mayLose = 0,
): Promise<void> {
  await site.ready(tunnel, 5_000);
  const before = await site.sas(tunnel);
  const replace = async () => {
    await start();
    await site.settles(tunnel, (sas) => sas[kind][0] !== before[kind][0]);
  };
  await underPings(site, tunnel, replace, mayLose);
}

/** Waits until a peer without a command has rekeyed an SA by itself. */
async function replacesItself(
  site: PeerSite,
  tunnel: Tunnel,
  kind: "ike" | "children",
): Promise<void> {
  await site.up(tunnel);
  await isReplaced(site, tunnel, kind);
  await site.remove(tunnel);
}

export const rekeys = {
  "node-rekeys-child": (site) => {
    const rekey = () => site.command("rekey", { child: childKey(first) });
    return isReplaced(site, first, "children", rekey);
  },

  "node-rekeys-ike": (site) =>
    isReplaced(site, first, "ike", () => site.command("rekey", { ike: first.name })),

  "peer-rekeys-child": (site) => {
    const { peer } = site;
    if (peer.rekeyChild === undefined) return replacesItself(site, shortChild, "children");
    return isReplaced(site, first, "children", () => peer.rekeyChild?.(first));
  },

  "peer-rekeys-ike": (site) => {
    const { peer } = site;
    if (peer.rekeyIke === undefined) return replacesItself(site, shortIke, "ike");
    return isReplaced(site, first, "ike", () => peer.rekeyIke?.(first));
  },

  "node-reauthenticates": (site) => {
    const reauthenticate = () => site.command("rekey", { ike: first.name, reauth: "yes" });
    // A peer may delete its former SA a moment before it has installed the new one.
    return isReplaced(site, first, "ike", reauthenticate, 1);
  },

  "peer-reauthenticates": (site) => {
    const { peer } = site;
    if (peer.reauthenticate === undefined) return replacesItself(site, reauthenticated, "ike");
    return isReplaced(site, first, "ike", () => peer.reauthenticate?.(first));
  },

  "both-reauthenticate": inStep,

  "peer-repeats": async (site) => {
    await site.ready(first, 5_000);
    await site.peer.initiate(first);
    await settlesUnderPings(site, first);
  },
} satisfies Cases;
