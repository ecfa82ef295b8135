import { underlayIn } from "../../model/kubernetes/pod-addresses.ts";
import { formatAddress, type Address } from "../../model/net/address.ts";
import { formatHostPort } from "../../model/net/host-port.ts";
import { note, ok, problem, skipped, type Finding } from "../../model/status/finding.ts";
import type { Backend, RemotePort } from "../../model/translation/child-services.ts";
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
  { gateway, placed }: Pick<ChildSubject, "gateway" | "placed">,
  service: string,
  examiner: Pick<Examiner, "tcpAnswer">,
): Promise<Finding[]> {
  const { exposed = [], remote = [] } = gateway?.context.services ?? {};
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
  { workers }: Placed,
  examiner: Pick<Examiner, "tcpAnswer">,
): Promise<Finding[]> {
  // Workers may serve in the segment alone, where the agent has no address.
  const ofWorkers = new Set(
    workers.flatMap(({ underlay, alternate }) =>
      [underlay, alternate].flatMap((address) => (address ? [formatAddress(address)] : [])),
    ),
  );
  const others = backends.filter(({ address }) => !ofWorkers.has(formatAddress(address)));
  const tested = others.slice(0, mostConnections);
  const findings = await Promise.all(
    tested.map(async ({ address, port }) => {
      const answer = await examiner.tcpAnswer(address, port);
      return answer === "accepted" ? [] : [endpointTrouble(formatHostPort(address, port), answer)];
    }),
  );
  const found = findings.flat();
  if (found.length > 0 || backends.length === 0) return found;
  if (tested.length === 0)
    return [
      skipped("answers", "the endpoints are workers of the child, and answer their gateway alone"),
    ];
  const all = tested.length === backends.length ? "all" : `${tested.length} of`;
  return [ok("answers", `${all} ${backends.length} endpoints accept connections by TCP`)];
}

function endpointTrouble(endpoint: string, answer: "refused" | "none"): Finding {
  if (answer === "refused")
    return problem(
      "answers",
      `the endpoint ${endpoint} refuses connections`,
      "the pod does not listen there: compare targetPort with the port of its program",
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
  return Promise.all(
    ports.slice(0, mostConnections).map((port) => checkPartnerPort(port, own, placed, examiner)),
  );
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
