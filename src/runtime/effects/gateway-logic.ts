import { fromCallback } from "xstate";
import { gatewayMachine } from "../../machines/gateway/gateway.ts";
import type {
  Duty,
  GatewayEvent,
  GatewayOrder,
  PassResult,
  PlaceOrder,
  RemoveOrder,
} from "../../machines/gateway/gateway-types.ts";
import type { Gateway, Worker } from "../../model/network/endpoint.ts";
import type { NetworkPort, PlacementPort } from "../ports/ports.ts";
import { inSlices } from "../time/slices.ts";
import { Announcements } from "./announcements.ts";
import { effect, measured, queuedEffect, type EffectPorts } from "./effect.ts";

/** The ports of a gateway's machine. */
export interface GatewayPorts extends EffectPorts {
  readonly network: NetworkPort;
  readonly placement: PlacementPort;
  /** Whether a child is declared at present. */
  readonly isDeclared: (connectionId: string, childKey: string) => boolean;
}

/** The gateway's machine with its effects. */
export function gatewayLogic(ports: GatewayPorts) {
  const { network, placement } = ports;
  const call = queuedEffect(ports);
  return gatewayMachine.provide({
    actors: {
      place: call<PlaceOrder>("placement.ensureGateway", {
        priority: ({ urgent }) => (urgent ? "normal" : "low"),
        run: ({ connection, child }) => placement.ensureGateway(connection.id, child),
      }),
      remove: effect(ports)<RemoveOrder>("placement.removeGateway", ({ connectionId, child }) => {
        // A child that was declared again in the meantime finds its gateway in place.
        if (ports.isDeclared(connectionId, child)) return;
        placement.removeGateway(connectionId, child);
      }),
      apply: call<GatewayOrder, PassResult>("network.apply", {
        prepare: ({ connection, child, workers }, signal) =>
          inSlices(workers, (worker) => network.prepare(connection, child, worker), signal),
        // With a CHILD SA, traffic may wait for the gateway; an applied gateway serves workloads.
        priority: ({ tunnel, applied }) => {
          if (tunnel === undefined) return "low";
          return applied ? "high" : "normal";
        },
        run: (order) => network.apply(order),
      }),
      attend: attendLogic(ports),
      hold: holdLogic(ports),
    },
  });
}

function attendLogic(ports: GatewayPorts) {
  const announcements = new Announcements();
  return fromCallback<{ type: string }, GatewayOrder>(({ input, sendBack }) => {
    const started = (duty: Duty, start: () => () => void) => {
      try {
        return start();
      } catch (error) {
        sendBack({ type: "attend.failed", duty, error });
        return () => {};
      }
    };
    const unwatch = started("watch", () => watch(ports, input.gateway, sendBack));
    const silence = started("announce", () => announce(ports, announcements, input));
    return () => {
      unwatch();
      silence();
    };
  });
}

/** Keeps packets back until it is stopped. Without that, those of a moment may be lost. */
function holdLogic(ports: GatewayPorts) {
  return fromCallback<{ type: string }, GatewayOrder>(({ input }) => {
    const held = measured(ports, "network.hold", () => ports.network.hold(input));
    const release = (hold: Disposable) =>
      measured(ports, "network.release", () => hold[Symbol.dispose]());
    return () => void held.then(release).catch(() => {});
  });
}

/** Reports the changes of a namespace until the returned function is called. */
function watch(
  { network }: GatewayPorts,
  gateway: Gateway,
  report: (event: GatewayEvent) => void,
): () => void {
  const subscription = network.watch(gateway).subscribe({
    next: (part) => report({ type: "kernel.changed", part }),
    // The namespace or the monitor is gone; the next pass determines which.
    error: () => report({ type: "kernel.changed" }),
  });
  return () => subscription.unsubscribe();
}

/** Announces a gateway to its workers until the returned function is called. */
function announce(
  ports: GatewayPorts,
  announcements: Announcements,
  order: GatewayOrder,
): () => void {
  const { gateway } = order;
  const announceTo = (workers: readonly Worker[]) => {
    const call = () => ports.network.announce({ ...order, workers });
    // Metrics count a failure, and the next announcement follows anyway.
    measured(ports, "network.announce", call).catch(() => {});
  };
  return announcements.repeat(gateway, order.workers, announceTo, order);
}
