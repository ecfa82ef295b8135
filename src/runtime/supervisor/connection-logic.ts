import { fromCallback, fromPromise } from "xstate";
import { childMachine } from "../../machines/child/child.ts";
import type { ChildOrder } from "../../machines/child/child-types.ts";
import { connectionMachine } from "../../machines/connection/connection.ts";
import type { LoadOrder, LoadResult } from "../../machines/connection/connection-types.ts";
import { gatewayMachine } from "../../machines/gateway/gateway.ts";
import type { GatewayOrder, PassResult, PlaceOrder } from "../../machines/gateway/gateway-types.ts";
import type { Connection } from "../../model/api/connection.ts";
import type { Gateway } from "../../model/network/endpoint.ts";
import { failure, Reason } from "../../model/status/failure.ts";
import { Announcements } from "./announcements.ts";
import type { CharonPort, NetworkPort, PlacementPort } from "../ports/ports.ts";
import { Refusal, refusing } from "../ports/refusal.ts";
import { inSlices } from "../time/slices.ts";
import type { Secrets } from "./secrets.ts";
import type { Turns, Urgency } from "../actors/turns.ts";

/** What the machines of a connection act upon. */
export interface ConnectionPorts {
  readonly charon: CharonPort;
  readonly network: NetworkPort;
  readonly placement: PlacementPort;
  readonly secrets: Secrets;
  readonly turns: Turns;
  /** The connection as it is declared now. */
  readonly connection: (id: string) => Connection | undefined;
  readonly onAdapterCall: (name: string, seconds: number, failed: boolean) => void;
}

/** The connection's machine with its effects: the one place where machines meet adapters. */
export function connectionLogic(ports: ConnectionPorts) {
  const { charon, secrets, turns } = ports;
  const call = effect(ports);
  return connectionMachine.provide({
    actors: {
      child: childLogic(ports),
      load: call<LoadOrder, LoadResult>("charon.load", ({ connection }) => {
        const key = secrets.value(connection);
        if (key !== undefined) return turns.before(charon.load(connection, key));
        throw new Refusal(
          failure(Reason.SecretMissing, "the secret went while it was to be loaded"),
        );
      }),
      terminateIke: call<Selection>("charon.terminate", ({ uniqueIds }) =>
        each(uniqueIds, (id) => charon.terminateIkeSa(id)),
      ),
      withdrawKey: call<{ connectionName: string }>("charon.withdrawKey", ({ connectionName }) =>
        charon.withdrawKey(connectionName),
      ),
      unload: call<{ connectionName: string }>("charon.unload", ({ connectionName }) =>
        charon.unload(connectionName),
      ),
    },
  });
}

interface Selection {
  readonly uniqueIds: readonly string[];
}

function childLogic(ports: ConnectionPorts) {
  const { charon, placement, turns } = ports;
  const call = effect(ports);
  return childMachine.provide({
    actors: {
      gateway: gatewayLogic(ports),
      initiate: call<ChildOrder>("charon.initiate", ({ connectionName, childKey }) =>
        turns.before(charon.initiate(connectionName, childKey)),
      ),
      terminate: call<Selection>("charon.terminate", ({ uniqueIds }) =>
        each(uniqueIds, (id) => charon.terminateChildSa(id)),
      ),
      rekey: call<Selection>("charon.rekey", ({ uniqueIds }) =>
        each(uniqueIds, (id) => charon.rekeyChildSa(id)),
      ),
      removeGateway: call<ChildOrder & { connectionId: string }>(
        "placement.removeGateway",
        ({ connectionId, childKey }) => {
          // Declared again while it went: then its next actor finds the gateway in place.
          const declared = ports.connection(connectionId)?.children ?? [];
          if (declared.some(({ key }) => key === childKey)) return;
          placement.removeGateway(connectionId, childKey);
        },
      ),
    },
  });
}

/** Of a connection that is not declared any more. */
const nothingDone: PassResult = { repaired: false };

function gatewayLogic(ports: ConnectionPorts) {
  const { network, placement, turns } = ports;
  /** Work that holds the thread up: each piece waits for its turn. */
  const inTurn = <Input, Output = void>(
    name: string,
    urgency: (input: Input) => Urgency,
    run: (input: Input) => Output,
    prepare?: (input: Input, signal: AbortSignal) => Promise<void>,
  ) =>
    fromPromise<Output, Input>(async ({ input, signal }) => {
      await prepare?.(input, signal);
      await turns.next(urgency(input), signal);
      return measured(ports, name, () => run(input));
    });
  return gatewayMachine.provide({
    actors: {
      place: inTurn<PlaceOrder>(
        "placement.ensureGateway",
        ({ urgent }) => (urgent ? "soon" : "patient"),
        ({ connectionId, child }) => placement.ensureGateway(connectionId, child),
      ),
      apply: inTurn<GatewayOrder, PassResult>(
        "network.apply",
        // Where a CHILD SA is, traffic may be waiting; where a gateway was ready, a workload is.
        ({ tunnel, applied }) => {
          if (tunnel === undefined) return "patient";
          return applied ? "first" : "soon";
        },
        (order) => {
          const connection = ports.connection(order.connectionId);
          return connection === undefined ? nothingDone : network.apply(connection, order);
        },
        preparing(ports),
      ),
      watchKernel: watchLogic(ports),
      announce: announceLogic(ports),
    },
  });
}

/** Derives what a pass needs of each worker, in slices. */
function preparing({ network, connection }: ConnectionPorts) {
  return async ({ connectionId, child, workers }: GatewayOrder, signal: AbortSignal) => {
    const declared = connection(connectionId);
    if (declared === undefined) return;
    await inSlices(workers, (worker) => network.prepare(declared, child, worker), signal);
  };
}

function watchLogic({ network }: ConnectionPorts) {
  return fromCallback<{ type: string }, Gateway>(({ input, sendBack }) => {
    const subscription = network.watch(input).subscribe({
      next: (part) => sendBack({ type: "kernel.changed", part }),
      // The namespace is gone, or the monitor is: the next pass tells which.
      error: () => sendBack({ type: "kernel.changed" }),
    });
    return () => subscription.unsubscribe();
  });
}

function announceLogic(ports: ConnectionPorts) {
  const announcements = new Announcements();
  return fromCallback<{ type: string }, GatewayOrder>(({ input }) => {
    const connection = ports.connection(input.connectionId);
    if (connection === undefined) return undefined;
    return announcements.repeat(input.gateway, input.workers, (workers) => {
      const call = () => ports.network.announce(connection, { ...input, workers });
      // A failure is counted, and made good by the next.
      measured(ports, "network.announce", call).catch(() => {});
    });
  });
}

/** Makes an actor of a call: its error becomes a failure, its time a measurement. */
export function effect(ports: Pick<ConnectionPorts, "onAdapterCall">) {
  return <Input, Output = void>(name: string, run: (input: Input) => Promise<Output> | Output) =>
    fromPromise<Output, Input>(({ input }) => measured(ports, name, () => run(input)));
}

async function measured<Output>(
  { onAdapterCall }: Pick<ConnectionPorts, "onAdapterCall">,
  name: string,
  run: () => Promise<Output> | Output,
): Promise<Output> {
  const started = performance.now();
  const done = (failed: boolean) =>
    onAdapterCall(name, (performance.now() - started) / 1000, failed);
  try {
    const output = await refusing(run);
    done(false);
    return output;
  } catch (error) {
    done(true);
    throw error;
  }
}

async function each(ids: readonly string[], run: (id: string) => Promise<void>): Promise<void> {
  for (const id of ids) await run(id);
}
