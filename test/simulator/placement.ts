import { BehaviorSubject, NEVER, of } from "rxjs";
import type { Child } from "../../src/model/api/connection.ts";
import type { Gateway } from "../../src/model/network/endpoint.ts";
import type { NetworkPort, PlacementPort } from "../../src/runtime/ports/ports.ts";

/** A kernel that accepts every call. */
export const obedientNetwork: NetworkPort = {
  apply: () => ({ repaired: false }),
  prepare: () => {},
  hold: () => ({ [Symbol.dispose]: () => {} }),
  announce: () => {},
  kernelStates: () => [],
  removeStates: () => 0,
  removeSas: () => 0,
  saEvents: () => NEVER,
  xfrmErrors: () => new Map(),
  saCounters: () => [],
  trackedConnections: () => [],
  countedTraffic: () => [],
  echoes: () => NEVER,
  watch: () => NEVER,
};

/** Gateways that exist as soon as they are wanted, without workers. */
export function simulatedPlacement(): PlacementPort {
  const made = new Map<string, Gateway>();
  const gateways = new BehaviorSubject<readonly Gateway[]>([]);
  const emit = () => gateways.next([...made.values()]);
  return {
    ensureGateway: (connection: string, { key, ifId }: Child) => {
      const id = `${connection}/${key}`;
      if (made.has(id)) return;
      made.set(id, {
        id,
        connection,
        child: key,
        netns: `/run/netns/${ifId}`,
        underlay: { family: 4, value: BigInt(ifId) },
        device: "ipman0",
        mtu: 9_000,
      });
      emit();
    },
    removeGateway: (connection: string, key: string) => {
      if (made.delete(`${connection}/${key}`)) emit();
    },
    prune: () => [],
    gateways,
    workers: of([]),
  };
}
