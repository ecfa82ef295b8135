import { assign, emit, enqueueActions, setup } from "xstate";
import { publicStateOf, type PublicState } from "../../model/status/public-state.ts";
import { gatewayMachine } from "../gateway/gateway.ts";
import { pathMachine } from "../path/path.ts";
import {
  gatewayActorId,
  pathActorId,
  onlyPath,
  type ConnectionContext,
  type ConnectionEmitted,
  type ConnectionEvent,
  type ConnectionInput,
} from "./connection-types.ts";

/** The types, actors, actions and guards of the connection machine. */
export const connectionSetup = setup({
  types: {} as {
    context: ConnectionContext;
    events: ConnectionEvent;
    emitted: ConnectionEmitted;
    input: ConnectionInput;
    tags: PublicState;
  },
  actors: { path: pathMachine, gateway: gatewayMachine },
  actions: {
    wantList: emit({ type: "sas.wanted" }),
    startPath: enqueueActions(({ enqueue, context: { connection, facts } }) => {
      const id = pathActorId(onlyPath);
      enqueue.spawnChild("path", {
        id,
        syncSnapshot: true,
        input: { path: onlyPath, connection, ...facts },
      });
      enqueue.assign({ paths: [id] });
    }),
    startGateways: enqueueActions(({ enqueue, context }) => {
      const { connection, endpoints } = context;
      const missing = connection.children.filter(({ key }) => !context.gateways.includes(key));
      for (const child of missing) {
        const id = gatewayActorId(child.key);
        enqueue.spawnChild("gateway", { id, input: { connection, child } });
        const known = endpoints.get(child.key);
        if (known !== undefined) enqueue.sendTo(id, { type: "endpoints.changed", ...known });
      }
      enqueue.assign({ gateways: [...context.gateways, ...missing.map(({ key }) => key)] });
    }),
    /** Forwards an event to the paths. */
    forward: enqueueActions(({ enqueue, context, event }) => {
      for (const id of context.paths) enqueue.sendTo(id, event);
    }),
    takeSpec: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "spec.changed") return;
      const { connection } = event;
      enqueue.assign({ connection });
      for (const child of connection.children) {
        if (!context.gateways.includes(child.key)) continue;
        enqueue.sendTo(gatewayActorId(child.key), { type: "child.changed", connection, child });
      }
    }),
    takeEndpoints: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "endpoints.changed") return;
      for (const [key, endpoints] of event.endpoints) {
        if (context.endpoints.get(key) === endpoints || !context.gateways.includes(key)) continue;
        enqueue.sendTo(gatewayActorId(key), { type: "endpoints.changed", ...endpoints });
      }
      enqueue.assign({ endpoints: event.endpoints });
    }),
    takeTunnel: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "tunnel.changed" || !context.gateways.includes(event.child)) return;
      const { tunnel } = event;
      enqueue.sendTo(gatewayActorId(event.child), { type: "tunnel.changed", tunnel });
    }),
    /** Ends the gateway of a child whose SAs have ended, unless it is declared. */
    endGateway: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "child.ended" || !context.gateways.includes(event.child)) return;
      if (context.connection.children.some(({ key }) => key === event.child)) return;
      enqueue.sendTo(gatewayActorId(event.child), { type: "stop" });
    }),
    takeFailure: assign(({ event }) =>
      "snapshot" in event ? { failure: event.snapshot.context.failure } : {},
    ),
    endGateways: enqueueActions(({ enqueue, context }) => {
      for (const key of context.gateways) enqueue.sendTo(gatewayActorId(key), { type: "stop" });
    }),
    forgetPath: enqueueActions(({ enqueue, context, event }) => {
      const id = idIn(event.type);
      enqueue.stopChild(id);
      enqueue.assign({ paths: context.paths.filter((other) => other !== id) });
    }),
    forgetGateway: enqueueActions(({ enqueue, context, event }) => {
      const id = idIn(event.type);
      enqueue.stopChild(id);
      enqueue.assign({ gateways: context.gateways.filter((key) => gatewayActorId(key) !== id) });
    }),
  },
  guards: {
    pathIs: ({ event }, { state }: { state: PublicState }) =>
      "snapshot" in event && publicStateOf(event.snapshot) === state,
    failureIsNew: ({ context, event }) =>
      "snapshot" in event && event.snapshot.context.failure !== context.failure,
    pathless: ({ context }) => context.paths.length === 0,
    gatewayless: ({ context }) => context.gateways.length === 0,
  },
});

/** `gateway.net` in `xstate.done.actor.gateway.net`. */
function idIn(type: string): string {
  return type.replace(/^xstate\.done\.actor\./, "");
}
