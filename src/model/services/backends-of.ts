import { compareAddresses } from "../net/address.ts";
import type { Backend } from "../translation/child-services.ts";
import type { EndpointSlice, SliceEndpoint } from "./endpoint-slice.ts";
import type { RequestedPort } from "./service-request.ts";

/**
 * The most backends of a port. Only as many as there are slots (`slotCount`, 251) get connections; those
 * that are left over replace others.
 */
const mostBackends = 1_000;

/**
 * The endpoints to which new connections to a port of a Service go: those that are ready, or, while there
 * is none, those that end and still serve, as kube-proxy chooses them. The order does not depend on the
 * slices'.
 *
 * @param node the node on which endpoints count; undefined for all
 */
export function backendsOf(
  slices: readonly EndpointSlice[],
  { name, transport }: Pick<RequestedPort, "name" | "transport">,
  node?: string,
): Backend[] {
  const candidates = slices.flatMap(({ endpoints, ports }) =>
    ports
      .filter((port) => port.name === name && port.transport === transport)
      .flatMap(({ port }) =>
        endpoints
          .filter((endpoint) => node === undefined || endpoint.node === node)
          .map((endpoint) => ({ endpoint, port })),
      ),
  );
  const chosen = (isChosen: (endpoint: SliceEndpoint) => boolean) =>
    candidates.filter(({ endpoint }) => isChosen(endpoint));
  const ready = chosen((endpoint) => endpoint.ready);
  const usable = ready.length > 0 ? ready : chosen((endpoint) => endpoint.lingers);
  const backends = usable
    .map(({ endpoint: { address }, port }) => ({ address, port }))
    .toSorted(compare);
  // While an endpoint moves from one slice to another, it is in both.
  return backends
    .filter((backend, i) => i === 0 || compare(backends[i - 1] as Backend, backend) !== 0)
    .slice(0, mostBackends);
}

function compare(a: Backend, b: Backend): number {
  return compareAddresses(a.address, b.address) || a.port - b.port;
}
