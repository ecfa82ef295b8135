import { parseAddress, type Address } from "../../model/net/address.ts";
import type { Connection } from "../../model/api/connection.ts";
import { note, ok, problem, type Finding } from "../../model/status/finding.ts";
import { contains } from "../../model/net/prefix.ts";
import type { Examiner } from "./examiner.ts";

/** Devices behind which no peer is: what is sent there does not leave the host as it is. */
const dead: Readonly<Record<string, string>> = {
  dummy: "drops everything",
  xfrm: "leads into a tunnel",
  vxlan: "leads to workloads",
};

/** The way that IKE and ESP take to the peer; the address that is known of it, if any. */
export function checkWay(
  connection: Connection,
  remote: Address | undefined,
  examiner: Examiner,
): Finding[] {
  return [
    ...localAddress(connection, examiner),
    ...(remote === undefined
      ? [note("route", `${connection.remoteAddr} is a name, and charon has not resolved it yet`)]
      : [routeTo(remote, examiner), ...covered(connection, remote)]),
  ];
}

function localAddress({ localAddr }: Connection, examiner: Examiner): Finding[] {
  const address = parseAddress(localAddr ?? "");
  if (address === undefined || examiner.hasAddress(address)) return [];
  return [
    problem(
      "local address",
      `localAddr ${localAddr} is no address of charon's network`,
      "name one that the node has, or leave localAddr empty: then the routes decide",
    ),
  ];
}

function routeTo(remote: Address, examiner: Examiner): Finding {
  const way = examiner.wayTo(remote);
  if (way === undefined)
    return problem(
      "route",
      "charon's network has no route to the peer",
      "`ip route get PEER` on the node: a route is missing, or ends in unreachable or blackhole",
    );
  const why = way.device === "lo" ? "stays on this host" : dead[way.kind];
  if (why === undefined) return ok("route", `to the peer by ${way.device}`);
  return problem(
    "route",
    `IKE to the peer goes to ${way.device}, which ${why}`,
    `remove the route that swallows it: \`ip route get PEER\` on the node shows it`,
  );
}

/** What is meant for the peer's own address, and would go into the tunnel to it. */
function covered({ children }: Connection, remote: Address): Finding[] {
  return children
    .filter(({ remoteSelectors }) => remoteSelectors.some((prefix) => contains(prefix, remote)))
    .map(({ key }) => ({
      ...note(
        "selectors",
        "remote_ips covers the peer's own address: workloads reach it through the tunnel only",
      ),
      child: key,
    }));
}
