import type { ChildRef } from "./child-ref.ts";
import { findChild, type Child, type Connection } from "./connection.ts";

/** The rule for connections without spec.allowedNamespaces. */
export interface AvailabilityRule {
  /** True if a connection without spec.allowedNamespaces is available to no namespace. */
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

/** The child that a pod names, if it exists and the pod's namespace may use it. */
export function availableChild(
  connections: ReadonlyMap<string, Connection>,
  named: ChildRef,
  namespace: string,
  rule: AvailabilityRule,
): { readonly connection: Connection; readonly child: Child } | undefined {
  const connection = connections.get(named.connection);
  if (connection === undefined || !mayUse(connection, namespace, rule)) return undefined;
  const child = findChild(connection, named.child);
  return child && { connection, child };
}

/**
 * The refusal of a child that does not exist or that the namespace may not use. The message is the
 * same for both, so a pod's author cannot find out what others declared.
 */
export function unavailable({ connection, child }: ChildRef, namespace: string): string {
  return `child "${child}" of IPSecConnection "${connection}" is not available to namespace ${namespace}: check both names, or ask the cluster's administrator to add ${namespace} to its spec.allowedNamespaces`;
}
