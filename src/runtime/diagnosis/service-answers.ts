import { underlayIn } from "../../model/kubernetes/pod-addresses.ts";
import { formatAddress, type Address } from "../../model/net/address.ts";
import { formatHostPort } from "../../model/net/host-port.ts";
import { note, ok, problem, skipped, type Finding } from "../../model/status/finding.ts";
import type { Backend, RemotePort } from "../../model/translation/child-services.ts";
import { reachable } from "../../model/translation/service-members.ts";
import type { Examiner, Placed } from "./examiner.ts";
import type { ChildSubject } from "./subject.ts";

/** The most connections that a diagnosis opens for one Service. */
const mostConnections = 16;

/**
 * Checks whether the endpoints of a Service, or the partner's hosts behind it, accept connections by TCP.
 * The connections come from the agent: the gateway itself sends none.
 *
 * @param service `namespace/name`
 */
export async function checkAnswers(
  { placed }: Pick<ChildSubject, "placed">,
  service: string,
  examiner: Pick<Examiner, "tcpAnswer">,
): Promise<Finding[]> {
  const { exposed = [], remote = [] } = placed?.services ?? {};
  const isOwn = (port: { readonly service: string; readonly transport: string }) =>
    port.service === service && port.transport === "tcp";
  const ofEndpoints = exposed.filter(isOwn).flatMap(({ backends }) => backends);
  const ofPartner = remote.filter(isOwn);
  if (placed === undefined || ofEndpoints.length + ofPartner.length === 0)
    return [skipped("answers", "the gateway forwards no TCP port of the Service to any host")];
  return [
    ...(await checkEndpointAnswers(ofEndpoints, placed, examiner)),
    ...(await checkPartnerAnswers(ofPartner, placed, examiner)),
  ];
}

async function checkEndpointAnswers(
  backends: readonly Backend[],
  { workers, child }: Placed,
  examiner: Pick<Examiner, "tcpAnswer">,
): Promise<Finding[]> {
  const inSegment = new Map(
    workers.flatMap(({ underlay, alternate, address: { address } }) =>
      [underlay, alternate].flatMap((known): [string, Address][] =>
        known === undefined ? [] : [[formatAddress(known), address]],
      ),
    ),
  );
  // The gateway sends nothing to endpoints of the other family.
  const targets = reachable(backends, {
    gateway: child.xfrmIp.address,
    inSegment: (pod) => inSegment.get(formatAddress(pod)),
  });
  // Workers may serve in the segment alone, where the agent has no address.
  const tested = targets.filter(({ isWorker }) => !isWorker).slice(0, mostConnections);
  const findings = await Promise.all(
    tested.map(async ({ address, port }) => {
      const answer = await examiner.tcpAnswer(address, port);
      return answer === "accepted" ? [] : [endpointTrouble(formatHostPort(address, port), answer)];
    }),
  );
  const found = findings.flat();
  if (found.length > 0 || targets.length === 0) return found;
  if (tested.length === 0)
    return [
      skipped("answers", "the endpoints are workers of the child, and answer their gateway alone"),
    ];
  // An endpoint that was not tested may accept too.
  const which =
    tested.length === targets.length
      ? `all ${targets.length} endpoints`
      : `all ${tested.length} tested ones of ${targets.length} endpoints`;
  return [ok("answers", `${which} accept connections by TCP`)];
}

function endpointTrouble(endpoint: string, answer: "refused" | "none"): Finding {
  if (answer === "refused")
    return problem(
      "answers",
      `the endpoint ${endpoint} refuses connections`,
      "the pod does not listen there: compare targetPort with the port of its program; or a NetworkPolicy rejects pods of ipman's namespace",
    );
  return note(
    "answers",
    `the endpoint ${endpoint} does not answer the agent`,
    "the pod hangs, or a NetworkPolicy does not admit pods of ipman's namespace",
  );
}

async function checkPartnerAnswers(
  ports: readonly RemotePort[],
  placed: Placed,
  examiner: Pick<Examiner, "tcpAnswer">,
): Promise<Finding[]> {
  const own = underlayIn(placed.gateway, placed.child.xfrmIp.address.family);
  if (own === undefined) return [];
  const tested = ports.slice(0, mostConnections);
  const findings = await Promise.all(
    tested.map((port) => checkPartnerPort(port, own, placed, examiner)),
  );
  const left = ports.length - tested.length;
  return left === 0
    ? findings
    : [...findings, skipped("answers", `${left} more ports of the Service were not tested`)];
}

/** Tests a port of the gateway as pods use it: the gateway chooses one of the hosts. */
async function checkPartnerPort(
  { gatewayPort, backends }: RemotePort,
  own: Address,
  { connection, child }: Placed,
  examiner: Pick<Examiner, "tcpAnswer">,
): Promise<Finding> {
  const answer = await examiner.tcpAnswer(own, gatewayPort);
  const hosts = backends.map(({ address, port }) => formatHostPort(address, port)).join(", ");
  const which = backends.length === 1 ? hosts : `one of ${hosts}`;
  if (answer === "accepted") return ok("answers", `${which} accepts connections by TCP`);
  if (answer === "refused")
    return problem(
      "answers",
      `${which} refuses connections`,
      "the partner's host does not listen there, or a firewall of the partner refuses: check the port, which is targetPort",
    );
  const [first] = backends;
  const ping = first === undefined ? "" : ` --ping ${formatAddress(first.address)}`;
  return problem(
    "answers",
    `${which} does not answer`,
    `a firewall of the partner drops the packets, the host is down, or the answers do not come back into the tunnel: kubectl ipman diagnose ${connection.id} ${child.key}${ping}`,
  );
}
