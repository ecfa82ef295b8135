import { createHash } from "node:crypto";

/** The number of slots among which connections are distributed: a prime, as the method requires. */
export const slotCount = 251;

/**
 * Distributes slots evenly among backends, so that every gateway computes the same, whatever the
 * order, and that few slots change hands when a backend comes or goes (Maglev: Eisenbud et al., "A
 * Fast and Reliable Software Network Load Balancer", NSDI 2016, section 3.4).
 *
 * @param names at least one; different ones
 * @returns the index in `names` of each slot's backend
 */
export function slotsOf(names: readonly string[]): number[] {
  // Sorted by name, since the backends choose in turn.
  const order = names.map((_, i) => i).toSorted((a, b) => compare(names[a], names[b]));
  const choosers = order.map((index) => ({ index, ...permutationOf(names[index] as string) }));
  const slots = Array.from({ length: slotCount }, () => -1);
  for (let filled = 0; filled < slotCount;)
    for (const chooser of choosers) {
      if (filled === slotCount) break;
      while (slots[chooser.next] !== -1) chooser.next = (chooser.next + chooser.skip) % slotCount;
      slots[chooser.next] = chooser.index;
      filled++;
    }
  return slots;
}

/** The order in which a backend chooses slots: every `skip`-th one from `next`. */
function permutationOf(name: string): { next: number; skip: number } {
  const digest = createHash("sha256").update(name).digest();
  return {
    next: digest.readUInt32BE(0) % slotCount,
    skip: (digest.readUInt32BE(4) % (slotCount - 1)) + 1,
  };
}

function compare(a = "", b = ""): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
