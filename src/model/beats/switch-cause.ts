/** The causes of a changed decision. Beats have their indexes: a new one is added at the end. */
export const switchCauses = [
  "start",
  "lost",
  "failed",
  "unreachable",
  "move",
  "failback",
  "removed",
  "abandoned",
  "drain",
] as const;

/**
 * Why the decision changed: the start of the actor, the active path went down (`lost`), its attempt
 * did not succeed (`failed`), it is up and no probe, or without one no IKE request, is answered through it
 * (`unreachable`), a planned move or failback began or ended, the active path is not declared any more
 * (`removed`), the attempt at a path beside the active one ended without success (`abandoned`), or the
 * group of the active path leaves (`drain`).
 */
export type SwitchCause = (typeof switchCauses)[number];
