/** A connection's child, as a pod names them. */
export interface ChildNamed {
  readonly connection: string;
  /** A key or a name. */
  readonly child: string;
}

/**
 * The one refusal for a connection or a child that does not exist and for one that a namespace
 * may not use: the author of a pod learns nothing of what others declared.
 */
export function unavailable({ connection, child }: ChildNamed, namespace: string): string {
  return `child "${child}" of IPSecConnection "${connection}" is not available to namespace ${namespace}: check both names, or ask the cluster's administrator to add ${namespace} to its spec.allowedNamespaces`;
}
