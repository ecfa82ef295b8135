import { createHash } from "node:crypto";
import type { Transport } from "../translation/child-services.ts";
import type { RemoteRequest } from "./service-request.ts";

/** The ports of a gateway that lead to hosts of the partner. */
export const gatewayPortRange = { first: 20_000, last: 29_999 } as const;

const count = gatewayPortRange.last - gatewayPortRange.first + 1;

/** Identifies a port of a Service within a child. */
export function servicePortKey(
  service: string,
  { name, transport }: { readonly name: string; readonly transport: Transport },
): string {
  return JSON.stringify([service, name, transport]);
}

/**
 * The ports of a child's gateway for the ports of its remote Services, by {@link servicePortKey}. A port
 * that is known is kept; others begin at a place that depends on the Service alone, so that a Service
 * whose slice was deleted most often gets the same ones.
 *
 * @returns the ports, without those for which none is free
 */
export function gatewayPorts(
  requests: readonly RemoteRequest[],
  known: ReadonlyMap<string, number>,
): Map<string, number> {
  const wanted = requests.flatMap(({ service, ports }) =>
    ports.map((port) => ({ key: servicePortKey(service, port), transport: port.transport })),
  );
  const ports = new Map<string, number>();
  const taken = { tcp: new Set<number>(), udp: new Set<number>(), sctp: new Set<number>() };
  const take = (key: string, transport: Transport, port: number) => {
    if (taken[transport].has(port)) return false;
    taken[transport].add(port);
    ports.set(key, port);
    return true;
  };
  for (const { key, transport } of wanted) {
    const port = known.get(key);
    if (port !== undefined && isGatewayPort(port)) take(key, transport, port);
  }
  for (const { key, transport } of wanted) {
    // A search through a full range takes long, and one author could make it do so thousands of times.
    if (ports.has(key) || taken[transport].size === count) continue;
    const start = startOf(key);
    for (let i = 0; i < count; i++)
      if (take(key, transport, gatewayPortRange.first + ((start + i) % count))) break;
  }
  return ports;
}

/** Whether a number, as it was read, is such a port. */
export function isGatewayPort(port: unknown): port is number {
  const { first, last } = gatewayPortRange;
  return typeof port === "number" && Number.isInteger(port) && port >= first && port <= last;
}

function startOf(key: string): number {
  return createHash("sha256").update(key).digest().readUInt32BE(0) % count;
}
