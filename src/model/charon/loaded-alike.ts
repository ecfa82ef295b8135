/**
 * Which parts of a connection charon had loaded before, equal to the present declaration. Where
 * an SA differs from such a part, the peer is the cause, not an earlier declaration.
 */
export interface LoadedAlike {
  readonly identities: boolean;
  /** The keys of the children whose traffic selectors are equal. */
  readonly children: readonly string[];
}
