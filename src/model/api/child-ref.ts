/** Identifies a child. */
export interface ChildRef {
  /** `metadata.name` of the IPSecConnection. */
  readonly connection: string;
  /** The child's key in `spec.children`. A user may give its name, which `findChild` resolves. */
  readonly child: string;
}

/**
 * The key of a child in maps, and its name in messages: `connection/child`. It is unambiguous,
 * since neither part of a valid manifest contains a slash.
 */
export function childRefKey({ connection, child }: ChildRef): string {
  return `${connection}/${child}`;
}
