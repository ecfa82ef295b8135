import { formatAddress } from "../../model/net/address.ts";
import { formatHostPort } from "../../model/net/host-port.ts";
import type { ServicesStatus } from "../../model/status/status.ts";
import type { ChildServices } from "../../model/translation/child-services.ts";
import { memo } from "../../model/value/memo.ts";

/** The ports of Services that a gateway forwards; the same object while they are unchanged. */
export const servicesStatus = memo(({ exposed, remote }: ChildServices): ServicesStatus => ({
  exposed: exposed.map(({ service, transport, address, port, backends }) => ({
    service,
    transport,
    address: formatHostPort(address, port),
    backends: backends.length,
  })),
  remote: remote.map(({ service, transport, gatewayPort, source, backends }) => ({
    service,
    transport,
    gatewayPort,
    source: formatAddress(source),
    hosts: backends.map((backend) => formatHostPort(backend.address, backend.port)),
  })),
}));
