import type { KubeObject } from "../../kubernetes/kube-object.ts";
import { formatAddress, parseAddress, sameAddress } from "../../net/address.ts";
import { note, ok, problem, type Finding } from "../../status/finding.ts";
import { trimmedSlice } from "../endpoint-slice.ts";
import { slicesBy, slicesIn, whyNoSlices, type ServiceSubject } from "./service-subject.ts";

const waitFor = (connection: string) =>
  `the operator writes it within seconds; if it lasts, see its log: kubectl ipman logs ${connection}`;

/** Checks whether the EndpointSlice of a remote Service leads to the active gateway. */
export function checkSlice(subject: ServiceSubject): Finding[] {
  const { request, facts } = subject;
  if (request.kind !== "remote") return [];
  const wait = waitFor(request.connection);
  // The address of the Service, which is checked before, could not be read either.
  if (whyNoSlices(facts) !== undefined) return [];
  const own = slicesIn(facts).find((slice) => trimmedSlice(slice).isOwn) as
    | WrittenSlice
    | undefined;
  if (own === undefined)
    return [problem("EndpointSlice", "ipman has written none for the Service", wait)];
  const missing = request.ports.find(({ name, transport }) => {
    const { ports } = trimmedSlice(own);
    return !ports.some((port) => port.name === name && port.transport === transport);
  });
  if (missing !== undefined) {
    const port = `port ${missing.port}/${missing.transport}`;
    return [problem("EndpointSlice", `${port} of the Service has no port of the gateway`, wait)];
  }
  const [finding, ...others] = [leads(own, subject), ...foreign(subject)];
  return [finding, ...others];
}

function leads(
  { endpoints }: WrittenSlice,
  { status, child, request: { connection } }: ServiceSubject,
): Finding {
  const [{ addresses = [], conditions = {} } = {}] = endpoints ?? [];
  const target = parseAddress(addresses[0] ?? "");
  if (target === undefined)
    return problem(
      "EndpointSlice",
      "has no endpoint: the active gateway has no pod address",
      `kubectl ipman diagnose ${connection}`,
    );
  const text = formatAddress(target);
  const gateway = parseAddress(status?.xfrmGatewayIp?.[child?.name ?? ""] ?? "");
  // The status has one address of a gateway that has one of each family.
  const isOther = gateway?.family === target.family && !sameAddress(gateway, target);
  if (isOther)
    return problem(
      "EndpointSlice",
      `leads to ${text}, and the active gateway is ${formatAddress(gateway)}`,
      waitFor(connection),
    );
  if (conditions.ready === false)
    return problem(
      "EndpointSlice",
      `its endpoint ${text} is not ready, so connections are refused`,
      `kubectl ipman diagnose ${connection}`,
    );
  return ok("EndpointSlice", `leads to the active gateway, ${text}`);
}

/** Reports the endpoints of other programs, to which kube-proxy sends a part of the connections. */
function foreign({ facts }: ServiceSubject): Finding[] {
  const others = slicesBy(facts, "others").filter(({ endpoints }) => endpoints.length > 0);
  if (others.length === 0) return [];
  const names = others.map(({ metadata }) => metadata.name).join(", ");
  return [
    note(
      "EndpointSlice",
      `other programs gave the Service endpoints too, which get a part of the connections: ${names}`,
      "delete these EndpointSlices, or the Endpoints of the Service",
    ),
  ];
}

interface WrittenSlice extends KubeObject {
  readonly endpoints?:
    | readonly {
        readonly addresses?: readonly string[];
        readonly conditions?: { readonly ready?: boolean };
      }[]
    | null;
}
