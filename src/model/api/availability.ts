import { findChild, type Child, type Connection } from "./connection.ts";

/** A connection's child, as a pod names them. */
export interface ChildNamed {
  readonly connection: string;
  /** A key or a name. */
  readonly child: string;
}

/** Which namespaces may use a connection that names none. */
export interface AvailabilityRule {
  /** True where a connection without spec.allowedNamespaces is for no pod. */
  readonly requireAllowedNamespaces: boolean;
}

/** Whether the pods of a namespace may join a connection. */
export function mayUse(
  { allowedNamespaces }: Connection,
  namespace: string,
  { requireAllowedNamespaces }: AvailabilityRule,
): boolean {
  return allowedNamespaces?.includes(namespace) ?? !requireAllowedNamespaces;
}

/** The child that a pod of a namespace names, if there is one and the namespace may use it. */
export function availableChild(
  connections: ReadonlyMap<string, Connection>,
  named: ChildNamed,
  namespace: string,
  rule: AvailabilityRule,
): { readonly connection: Connection; readonly child: Child } | undefined {
  const connection = connections.get(named.connection);
  if (connection === undefined || !mayUse(connection, namespace, rule)) return undefined;
  const child = findChild(connection, named.child);
  return child && { connection, child };
}

/**
 * The one refusal for a connection or a child that does not exist and for one that a namespace
 * may not use: the author of a pod learns nothing of what others declared.
 */
export function unavailable({ connection, child }: ChildNamed, namespace: string): string {
  return `child "${child}" of IPSecConnection "${connection}" is not available to namespace ${namespace}: check both names, or ask the cluster's administrator to add ${namespace} to its spec.allowedNamespaces`;
}
