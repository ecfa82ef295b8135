import { xfrmErrors } from "../../src/adapters/xfrm/xfrm-errors.ts";

/**
 * The kernel's counters of the packets that habits of a peer lose when SAs are replaced, with the
 * namespace. A packet for an SPI that is only reserved is an XfrmAcquireError.
 */
const counters = {
  sendsEarly: { counter: "XfrmAcquireError", netns: undefined },
  sendsLate: { counter: "XfrmInNoStates", netns: undefined },
  endsEarly: { counter: "XfrmInNoStates", netns: "/run/netns/peer" },
  installsLate: { counter: "XfrmAcquireError", netns: "/run/netns/peer" },
} as const;

/**
 * Sends on a new SA early, on one late whose end it announced, ends an old one early, or installs a new
 * one late.
 */
export type HastyHabit = keyof typeof counters;

/** The packets that IPsec dropped in both sites until now, by site and counter. */
export function drops(): ReadonlyMap<string, number> {
  const sites = [
    ["node", undefined],
    ["peer", "/run/netns/peer"],
  ] as const;
  return new Map(
    sites.flatMap(([site, netns]) =>
      [...xfrmErrors(netns)].map(([counter, count]) => [`${site} ${counter}`, count] as const),
    ),
  );
}

/** The number of packets that the kernel dropped because of a habit. */
export function droppedBy(habit: HastyHabit): number {
  const { counter, netns } = counters[habit];
  return xfrmErrors(netns).get(counter) ?? 0;
}
