import { secondSite } from "./second-peer.ts";
import { ip, sh } from "./shell.ts";

/** The values of the path `backup`, to the partner's second gateway. */
export const second = {
  localAddr: secondSite.node,
  remoteAddr: secondSite.peer,
  localId: "node.second",
  remoteId: "peer.second",
};

/** The namespaces of the partner's gateways and their cables, by path. */
export const gateways = {
  main: { netns: "peer", cable: "wire0" },
  backup: { netns: "peer2", cable: "wire1" },
} as const;

export type PathName = keyof typeof gateways;

export const otherThan = (path: PathName): PathName => (path === "main" ? "backup" : "main");

/** Gives both cables a round trip, and both gateways another host behind them. */
export function lengthenCables(roundTripMs: number, neighbour: string): void {
  for (const { netns, cable } of Object.values(gateways)) {
    ip(`-n ${netns} addr add ${neighbour}/32 dev lo`);
    const delay = ["netem", "delay", `${roundTripMs / 2}ms`];
    for (const place of [[], ["-n", netns]])
      sh("tc", ...place, "qdisc", "add", "dev", cable, "root", ...delay);
  }
}

/** Pulls the cable of a gateway out at its end, or back in. */
export function plug(path: PathName, state: "up" | "down"): void {
  const { netns, cable } = gateways[path];
  ip(`-n ${netns} link set ${cable} ${state}`);
  if (state === "up") ip(`-n ${netns} route replace 10.0.0.0/16 dev ${cable}`);
}
