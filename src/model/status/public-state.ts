/**
 * The states of a connection or a child that status, metrics and the inspector show. The charts
 * have finer states; each of them has one public state as its tag.
 */
export const publicStates = [
  "pending",
  "negotiating",
  "established",
  "rekeying",
  "failed",
  "terminating",
] as const;

export type PublicState = (typeof publicStates)[number];

/** The public state of an actor; undefined for a machine whose chart has none, such as a gateway. */
export function publicStateOf({
  tags,
}: {
  readonly tags: ReadonlySet<string>;
}): PublicState | undefined {
  return publicStates.find((state) => tags.has(state));
}

/** Whether traffic passes in a public state; a rekey does not interrupt it. */
export function isUp(state: PublicState | undefined): boolean {
  return state === "established" || state === "rekeying";
}
