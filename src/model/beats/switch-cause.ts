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
] as const;

/**
 * Why the decision changed: the start of the actor, the active path went down (`lost`), its attempt
 * did not succeed (`failed`), it is up and no probe, or without one no IKE request, is answered through it
 * (`unreachable`), a planned move or failback began or ended, the active path is not declared any more
 * (`removed`), or the attempt at a path beside the active one ended without success (`abandoned`).
 */
export type SwitchCause = (typeof switchCauses)[number];
