import { findChild, type Connection } from "../../api/connection.ts";
import { annotation } from "../../kubernetes/labels.ts";
import { note, ok, problem, type Finding } from "../../status/finding.ts";
import type { ServiceRequest } from "../service-request.ts";
import type { ServiceSubject } from "./service-subject.ts";

/** Checks whether connection, child and pool exist, and the Service's namespace may use them. */
export function checkConnection({
  facts: { connection },
  request,
}: Pick<ServiceSubject, "facts" | "request">): Finding[] {
  if ("why" in connection) return [unread(connection.why, request)];
  const { manifest } = connection;
  if (manifest.ok) return [declared(manifest.value, request)];
  const [first] = manifest.problems;
  const message = `the manifest of ${request.connection} is invalid (${first?.path}: ${first?.message}); its last valid version stays in effect`;
  return [note("connection", message, `kubectl ipman diagnose ${request.connection}`)];
}

function unread(why: string | undefined, { connection }: ServiceRequest): Finding {
  if (why !== undefined)
    return note("connection", `IPSecConnection ${connection} cannot be read: ${why}`);
  return problem(
    "connection",
    `there is no IPSecConnection "${connection}"`,
    `correct the annotation ${annotation.connection}; kubectl get ipsecconnections lists them`,
  );
}

function declared(connection: Connection, request: ServiceRequest): Finding {
  const { namespace, pool } = request;
  const { id, allowedNamespaces, children } = connection;
  if (allowedNamespaces?.includes(namespace) === false)
    return problem(
      "connection",
      `namespace ${namespace} may not use ${id}: its spec.allowedNamespaces are ${listed(allowedNamespaces)}`,
      `ask the cluster's administrator to add ${namespace}`,
    );
  const child = findChild(connection, request.child);
  if (child === undefined)
    return problem(
      "connection",
      `${id} has no child "${request.child}"; known: ${listed(children.map(({ key }) => key))}`,
      `correct the annotation ${annotation.child}`,
    );
  if (!child.pools.has(pool))
    return problem(
      "connection",
      `child ${child.key} has no pool "${pool}"; known: ${listed([...child.pools.keys()])}`,
      `correct the annotation ${annotation.pool}, or add the pool to spec.children.${child.key}.ip_pools of ${id}`,
    );
  return ok("connection", `${id}/${child.key} has the pool, and ${namespace} may use it`);
}

function listed(names: readonly string[]): string {
  return names.join(", ") || "none";
}
