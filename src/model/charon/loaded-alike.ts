/**
 * The parts of a connection that charon had loaded before and that equal the present declaration. If
 * an SA differs from such a part, the peer is the cause, not an earlier declaration.
 */
export interface LoadedAlike {
  readonly identities: boolean;
  /** The keys of the children whose traffic selectors are equal. */
  readonly children: readonly string[];
}
