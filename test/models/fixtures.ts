import { mock } from "node:test";
import { fromCallback, fromPromise, type AnyEventObject } from "xstate";
import type { LoadResult } from "../../src/machines/path/path-types.ts";
import { childMachine } from "../../src/machines/child/child.ts";
import { gatewayMachine } from "../../src/machines/gateway/gateway.ts";
import type { GatewayOrder } from "../../src/machines/gateway/gateway-types.ts";
import { connectionFromCr } from "../../src/model/validation/connection-from-cr.ts";
import type { Gateway } from "../../src/model/network/endpoint.ts";
import type { Connection } from "../../src/model/api/connection.ts";
import type { ChildSa, IkeSa } from "../../src/model/charon/sa.ts";
import { childSpec, connectionSpec } from "../../lab/sites/manifests.ts";

/** A validated connection with the given changes to its spec. */
export function connectionOf(changes: object = {}): Connection {
  const parsed = connectionFromCr(connectionSpec("site", changes));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

export { childSpec };

export const gateway: Gateway = {
  id: "ipman-102",
  connection: "site",
  child: "child-2",
  underlay: { family: 4, value: 1n },
  netns: "/run/netns/ipman-102",
  device: "ipman0",
  mtu: 9000,
};

export function childSa(changes: Partial<ChildSa> = {}): ChildSa {
  return {
    name: "child-2",
    uniqueId: "1",
    state: "INSTALLED",
    ifId: 102,
    encryption: "AES_CBC",
    integrity: "HMAC_SHA2_256_128",
    keyExchange: undefined,
    encapsulated: false,
    remoteHost: "192.168.1.2",
    localSelectors: ["10.0.2.0/24"],
    remoteSelectors: ["10.1.2.0/24"],
    ...changes,
  };
}

export function ikeSa(changes: Partial<IkeSa> = {}): IkeSa {
  return {
    connection: "site",
    uniqueId: "7",
    state: "ESTABLISHED",
    localId: "node.site",
    remoteId: "peer.site",
    localHost: "192.168.1.1",
    remoteHost: "192.168.1.2",
    keyExchange: "ECP_256",
    tasks: [],
    children: [childSa()],
    ...changes,
  };
}

/** The result of `load` from a charon that did not have the connection. */
export function loadedNew(): LoadResult {
  return { outdated: [], alike: { identities: false, children: [] }, omitted: undefined };
}

/** The calls that a machine made, and the results of later ones; `fail` makes the next one fail. */
export class Calls {
  readonly made: { name: string; input: unknown }[] = [];
  readonly #held = new Map<string, PromiseWithResolvers<void>>();
  readonly #outputs = new Map<string, unknown>([["apply", { repaired: false }]]);
  readonly #failures = new Map<string, unknown[]>();

  /** An actor that records its call and succeeds, unless a failure was planted. */
  actor<Output, Input>(name: string) {
    return fromPromise<Output, Input>(async ({ input }) => {
      this.made.push({ name, input });
      const failure = this.#failures.get(name)?.shift();
      await this.#held.get(name)?.promise;
      if (failure !== undefined) throw failure as Error;
      return this.#outputs.get(name) as Output;
    });
  }

  /** Sets the result of later calls of that name. */
  give(name: string, output: unknown): void {
    this.#outputs.set(name, output);
  }

  /** Holds later calls of that name until the promise settles. */
  hold(name: string): PromiseWithResolvers<void> {
    const held = Promise.withResolvers<void>();
    this.#held.set(name, held);
    return held;
  }

  fail(name: string, failure: object): void {
    const error = Object.assign(new Error("planted"), { failure });
    this.#failures.set(name, [...(this.#failures.get(name) ?? []), error]);
  }

  count(name: string): number {
    return this.made.filter((call) => call.name === name).length;
  }

  last(name: string): unknown {
    return this.made.findLast((call) => call.name === name)?.input;
  }
}

/** A gateway machine whose effects are recorded and decided by `calls`. */
export function gatewayWith(calls: Calls) {
  return gatewayMachine.provide({
    actors: {
      place: calls.actor("place"),
      remove: calls.actor("remove"),
      apply: calls.actor("apply"),
      attend: fromCallback<AnyEventObject, GatewayOrder>(({ input }) => {
        calls.made.push({ name: "announce", input });
        return () => void calls.made.push({ name: "silence", input });
      }),
      hold: fromCallback<AnyEventObject, GatewayOrder>(({ input }) => {
        calls.made.push({ name: "hold", input });
        return () => void calls.made.push({ name: "release", input });
      }),
    },
  });
}

/** A child machine whose effects are recorded and decided by `calls`. */
export function childWith(calls: Calls) {
  return childMachine.provide({
    actors: {
      initiate: calls.actor("initiate"),
      terminate: calls.actor("terminate"),
      rekey: calls.actor("rekey"),
    },
  });
}

/** Waits until promises that are due have settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Passes mocked time in slices, between which sockets get their turn. */
export async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 20) {
    mock.timers.tick(20);
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  }
}
