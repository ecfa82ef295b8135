/** The weight of one request in the share of lost ones. */
const weight = 1 / 128;

/** So rarely may requests that are lost by chance alone count as an unreachable target. */
const byChance = 1e-6;

/** Takes requests that were lost, and the one that was answered after them, into the share. */
export function withRun(share: number, lost: number): number {
  const others = (1 - weight) ** lost;
  return (1 - (1 - share) * others) * (1 - weight);
}

/**
 * The consecutive lost requests after which the target counts as unreachable: three on a link that
 * loses up to 1 % of the packets, six at 10 %, and at most eight.
 */
export function lossesThatProve(share: number): number {
  if (share <= 0) return 3;
  return Math.min(Math.max(Math.ceil(Math.log(byChance) / Math.log(share)), 3), 8);
}
