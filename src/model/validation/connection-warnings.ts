import type { Child, Connection } from "../api/connection.ts";
import type { Problem } from "../api/result.ts";
import { childExtraWarnings, connectionExtraWarnings } from "../charon/options/extra-warnings.ts";
import { formatPrefix } from "../net/prefix.ts";
import { frontendWarnings } from "../frontend/frontend-warnings.ts";
import { ProblemList } from "./problem-list.ts";
import { routeWarnings } from "./route-warnings.ts";

/** The declarations of a valid connection that are legal and likely a mistake. */
export function connectionWarnings(connection: Connection): Problem[] {
  const { children, extra } = connection;
  const warnings = new ProblemList();
  warnings.addAll(frontendWarnings(connection));
  warnings.addAll(below("spec.extra", connectionExtraWarnings(extra)));
  for (const child of children) {
    const path = `spec.children.${child.key}`;
    warnings.addAll(below(path, networkWarnings(child)));
    warnings.addAll(routeWarnings(child));
    warnings.addAll(below(`${path}.extra`, childExtraWarnings(child.extra)));
  }
  return warnings.toArray();
}

function below(above: string, problems: readonly Problem[]): Problem[] {
  return problems.map(({ path, message }) => ({ path: `${above}.${path}`, message }));
}

/**
 * charon and the kernel accept a child with the same network on both sides: the gateway has a route
 * to each worker. It is usual for 0.0.0.0/0, and most often a mistake for other networks.
 */
function networkWarnings({ localSelectors, remoteSelectors }: Child): Problem[] {
  const local = new Set(localSelectors.filter(({ length }) => length > 0).map(formatPrefix));
  return remoteSelectors
    .map(formatPrefix)
    .flatMap((network, i) => (local.has(network) ? [{ path: `remote_ips[${i}]`, network }] : []))
    .map(({ path, network }) => ({
      path,
      message: `${network} is in local_ips too: hosts on both sides of the tunnel need different addresses`,
    }));
}
