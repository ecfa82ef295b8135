import { parseAddress, type Address } from "../../model/net/address.ts";
import type { Connection } from "../../model/api/connection.ts";
import { isSingleHost } from "../../model/api/remote-address.ts";
import { note, ok, problem, type Finding } from "../../model/status/finding.ts";
import { contains } from "../../model/net/prefix.ts";
import type { Examiner } from "./examiner.ts";

/** Kinds of devices that cannot lead to a peer: packets do not leave the host unchanged. */
const deadEnds: Readonly<Record<string, string>> = {
  dummy: "drops everything",
  xfrm: "leads into a tunnel",
  vxlan: "leads to workloads",
};

/**
 * Checks the local address and the route that IKE and ESP take to the peer.
 *
 * @param remote the peer's address; undefined before it is known
 */
export function checkRoute(
  connection: Connection,
  remote: Address | undefined,
  examiner: Examiner,
): Finding[] {
  return [
    ...localAddress(connection, examiner),
    ...(remote === undefined
      ? [note("route", unknownAddress(connection))]
      : [routeTo(remote, examiner), ...coveringRoutes(connection, remote)]),
  ];
}

function unknownAddress({ remoteAddr }: Connection): string {
  return isSingleHost(remoteAddr)
    ? `charon has not resolved the name ${remoteAddr} yet`
    : `remoteAddr is ${remoteAddr}: the peer's address is known once it has initiated`;
}

function localAddress({ localAddr }: Connection, examiner: Examiner): Finding[] {
  const address = parseAddress(localAddr ?? "");
  if (address === undefined || examiner.hasAddress(address)) return [];
  return [
    problem(
      "local address",
      `localAddr ${localAddr} is not an address of charon's network`,
      "use an address of the node, or leave localAddr empty to let routing decide",
    ),
  ];
}

function routeTo(remote: Address, examiner: Examiner): Finding {
  const way = examiner.wayTo(remote);
  if (way === undefined)
    return problem(
      "route",
      "charon's network has no route to the peer",
      "`ip route get PEER` on the node: a route is missing, or it is an unreachable or blackhole route",
    );
  const why = way.device === "lo" ? "stays on this host" : deadEnds[way.kind];
  if (why === undefined) return ok("route", `to the peer by ${way.device}`);
  return problem(
    "route",
    `IKE to the peer goes to ${way.device}, which ${why}`,
    "remove that route: `ip route get PEER` on the node shows it",
  );
}

/** Reports children whose routes contain the peer's own address. */
function coveringRoutes({ children }: Connection, remote: Address): Finding[] {
  return children
    .filter(({ routes }) => routes.some((prefix) => contains(prefix, remote)))
    .map(({ key }) => ({
      ...note(
        "routes",
        "the routes cover the peer's own address: workloads reach it only through the tunnel",
      ),
      child: key,
    }));
}
