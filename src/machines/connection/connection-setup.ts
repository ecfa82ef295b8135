import { assign, emit, enqueueActions, setup } from "xstate";
import { hasSeveralPaths, isHere, pathConnections } from "../../model/api/path.ts";
import { publicStateOf, type PublicState } from "../../model/status/public-state.ts";
import { failoverMachine } from "../failover/failover.ts";
import { gatewayMachine } from "../gateway/gateway.ts";
import { pathMachine } from "../path/path.ts";
import { connectionGuards } from "./connection-guards.ts";
import {
  changedPaths,
  childrenWithGateway,
  declarationOf,
  dialledPaths,
  endsBy,
  failoverOf,
  hasPath,
  idIn,
  ifIdsOf,
  isChosen,
  isReplaced,
  keyIn,
  noKey,
  partingId,
  pathsOf,
  pathsUp,
  runningPath,
  staleStandbys,
  tunnelOf,
  tunnelsWithout,
} from "./connection-facts.ts";
import { decidedChoice, switchBy } from "./decided-choice.ts";
import { declaredChoice } from "./declared-choice.ts";
import {
  announcingMs,
  carries,
  dialsLater,
  diallingId,
  handoverId,
  handoverMs,
  holds,
  isPlanned,
} from "./handover.ts";
import { choiceWith } from "./path-choice.ts";
import {
  failoverId,
  gatewayActorId,
  pathActorId,
  type ConnectionContext,
  type ConnectionEmitted,
  type ConnectionEvent,
  type ConnectionInput,
  type PathView,
} from "./connection-types.ts";

/** The types, actors and guards of the connection machine, and the actions on paths and gateways. */
export const connectionSetup = setup({
  types: {} as {
    context: ConnectionContext;
    events: ConnectionEvent;
    emitted: ConnectionEmitted;
    input: ConnectionInput;
    tags: PublicState;
    children: { failover: "failover" };
  },
  actors: { path: pathMachine, gateway: gatewayMachine, failover: failoverMachine },
  actions: {
    wantList: emit({ type: "sas.wanted" }),
    /** Starts the actors of declared paths that have none. */
    startPaths: enqueueActions(({ enqueue, context }) => {
      const { charonReady } = context;
      const missing = pathsOf(context).filter(({ path }) => !hasPath(context, path));
      for (const { path, connection } of missing) {
        const key = context.keys[path] ?? noKey;
        enqueue.spawnChild("path", {
          id: pathActorId(path),
          syncSnapshot: true,
          input: { path, connection, charonReady, ...key },
        });
      }
      const views = missing.map(({ path }): PathView => {
        return { path, state: "pending", failure: undefined, carried: [] };
      });
      enqueue.assign({ paths: context.paths.concat(views) });
    }),
    /** A path that starts again needs the state of its key, which its former actor had. */
    takeKey: assign(({ context, event }) => {
      const key = keyIn(event);
      const path = "path" in event ? event.path : undefined;
      return key === undefined || path === undefined
        ? {}
        : { keys: { ...context.keys, [path]: key } };
    }),
    startFailover: enqueueActions(({ enqueue, context }) => {
      if (hasSeveralPaths(context.connection)) enqueue.spawnChild("failover", failoverOf(context));
    }),
    startGateways: enqueueActions(({ enqueue, context }) => {
      const { connection, endpoints } = context;
      const missing = connection.children.filter(({ key }) => !context.gateways.includes(key));
      for (const child of missing) {
        const id = gatewayActorId(child.key);
        const tunnels = ifIdsOf(context, child.key);
        enqueue.spawnChild("gateway", {
          id,
          input: { connection, child, tunnels, carries: carries(context) },
        });
        const tunnel = tunnelOf(context, child.key);
        if (tunnel !== undefined) enqueue.sendTo(id, { type: "tunnel.changed", tunnel });
        const known = context.chosen ? endpoints.get(child.key) : undefined;
        if (known !== undefined) enqueue.sendTo(id, { type: "endpoints.changed", ...known });
      }
      enqueue.assign({ gateways: context.gateways.concat(missing.map(({ key }) => key)) });
    }),
    /** Forwards an event to the path that it names, or to all. */
    forward: enqueueActions(({ enqueue, context, event }) => {
      const only = "path" in event ? event.path : undefined;
      for (const { path } of context.paths)
        if (only === undefined || only === path) enqueue.sendTo(pathActorId(path), event);
    }),
    noteCharon: assign(({ event }) => ({ charonReady: event.type === "charon.ready" })),
    /** Suspends the choice of a path, and has no path dialled, until charon's next list of SAs. */
    suspendChoice: enqueueActions(({ enqueue, context }) => {
      if (!hasSeveralPaths(context.connection)) return;
      const next = { ...context, dials: false, dialled: undefined };
      enqueue.assign({
        dials: false,
        dialled: undefined,
        choice: choiceWith(context.choice, { awaited: undefined }),
      });
      enqueue.sendTo(failoverId, { type: "charon.lost" });
      for (const { path, connection } of changedPaths(context, next))
        enqueue.sendTo(pathActorId(path), { type: "spec.changed", connection });
    }),
    /** charon's list of SAs says which paths are up. */
    resumeChoice: enqueueActions(({ enqueue, context: { connection, charonReady } }) => {
      if (hasSeveralPaths(connection) && charonReady)
        enqueue.sendTo(failoverId, { type: "charon.ready" });
    }),
    takeSpec: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "spec.changed") return;
      const { connection } = event;
      const paths = new Set(pathConnections(connection).map(({ path }) => path));
      const declared = declaredChoice(context, connection);
      const next = { ...context, ...declared };
      enqueue.assign(declared);
      if (hasSeveralPaths(context.connection) && hasSeveralPaths(connection)) {
        enqueue.sendTo(failoverId, { type: "paths.declared", ...declarationOf(connection) });
        if (isReplaced(context, next))
          enqueue.sendTo(failoverId, { type: "path.renewed", path: declared.active });
      } else if (hasSeveralPaths(context.connection)) enqueue.stopChild(failoverId);
      else if (hasSeveralPaths(connection)) {
        // The actor that starts is notified of each path that has an IKE SA.
        const facts = { up: pathsUp(next), ready: [], absent: [], leaving: [] };
        const choice = choiceWith(next.choice, facts);
        enqueue.assign({ choice });
        enqueue.spawnChild("failover", failoverOf({ ...next, choice }));
      }
      for (const { path } of context.paths)
        if (!paths.has(path)) enqueue.sendTo(pathActorId(path), { type: "delete" });
      for (const { path, connection: wanted } of pathsOf(next))
        if (hasPath(context, path)) {
          const ends = endsBy(context, next, path);
          const changed = { type: "spec.changed", connection: wanted } as const;
          enqueue.sendTo(pathActorId(path), ends === undefined ? changed : { ...changed, ends });
        }
      for (const child of childrenWithGateway(next)) {
        const tunnels = ifIdsOf(next, child.key);
        enqueue.sendTo(gatewayActorId(child.key), {
          type: "child.changed",
          connection,
          child,
          tunnels,
        });
      }
    }),
    /**
     * Brings up the paths that were chosen. The path that was left still receives for a moment: the
     * gateways move after this, and the peer's answers as well.
     */
    takeDecision: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "path.decided") return;
      const decided = decidedChoice(context, event);
      const next = { ...context, ...decided };
      enqueue.assign(decided);
      const { awaited } = decided.choice;
      const isOther = awaited !== context.choice.awaited;
      const isAwaited = awaited !== undefined && isOther;
      if (isOther) for (const id of [handoverId, diallingId]) enqueue.cancel(id);
      if (isAwaited)
        enqueue.raise({ type: "handover.ended" }, { delay: "handover", id: handoverId });
      const later = isAwaited && dialsLater(next) ? awaited : undefined;
      if (later !== undefined)
        enqueue.raise({ type: "handover.announced" }, { delay: "announcing", id: diallingId });
      for (const { path, connection } of dialledPaths(context, next)) {
        if (isChosen(context, path) && !isChosen(next, path)) {
          const left = { type: "path.left", path, intact: isPlanned(event) } as const;
          enqueue.raise(left, { delay: "parting", id: partingId(path) });
        } else {
          enqueue.cancel(partingId(path));
          if (path !== later)
            enqueue.sendTo(pathActorId(path), { type: "spec.changed", connection });
        }
      }
      for (const path of staleStandbys(context, next)) {
        const left = { type: "path.left", path, intact: true } as const;
        enqueue.raise(left, { delay: "parting", id: partingId(path) });
      }
      const switched = switchBy(context, event);
      // The agent that leads now reports it.
      if (switched !== undefined && isHere(context.connection, switched.to))
        enqueue.emit({ type: "path.switched", ...switched });
    }),
    /** Has the gateways keep packets back for the path that is awaited, if it is here; or no longer. */
    notifyGateways: enqueueActions(
      ({ enqueue, context }, { type }: { readonly type: "hold" | "release" }) => {
        const isDue = type === "hold" ? holds(context) : context.choice.awaited === undefined;
        if (!isDue) return;
        for (const key of context.gateways) enqueue.sendTo(gatewayActorId(key), { type });
      },
    ),
    /** Has packets sent at once by the path that they waited for, if gateways lead there already. */
    releaseCarried: enqueueActions(({ enqueue, context: { choice, via, gateways }, event }) => {
      if (event.type !== "path.carries" || event.path !== via) return;
      if (event.path !== choice.awaited) return;
      for (const key of event.children.filter((child) => gateways.includes(child)))
        enqueue.sendTo(gatewayActorId(key), { type: "release" });
    }),
    dialAwaited: enqueueActions(({ enqueue, context }) => {
      const dialled = runningPath(context, context.choice.awaited);
      if (dialled === undefined) return;
      const { path, connection } = dialled;
      enqueue.sendTo(pathActorId(path), { type: "spec.changed", connection });
    }),
    endHandover: assign(({ context: { choice } }) => ({
      choice: choiceWith(choice, { awaited: undefined }),
    })),
    /** Has the gateways lead the traffic into the active path. */
    moveGateways: enqueueActions(({ enqueue, context }) => {
      for (const { key } of childrenWithGateway(context)) {
        enqueue.sendTo(gatewayActorId(key), {
          type: "tunnels.changed",
          tunnels: ifIdsOf(context, key),
          tunnel: tunnelOf(context, key),
          carries: carries(context),
        });
      }
    }),
    giveEndpoints: enqueueActions(({ enqueue, context: { gateways, endpoints } }) => {
      for (const key of gateways) {
        const known = endpoints.get(key);
        if (known !== undefined)
          enqueue.sendTo(gatewayActorId(key), { type: "endpoints.changed", ...known });
      }
    }),
    /** Ends the SAs of a path that was left, unless it was chosen again. */
    endLeft: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "path.left" || isChosen(context, event.path)) return;
      const left = runningPath(context, event.path);
      if (left === undefined) return;
      const { connection } = left;
      const ends = event.intact && connection.standsBy !== undefined ? "children" : "all";
      enqueue.sendTo(pathActorId(event.path), { type: "spec.changed", connection, ends });
    }),
    takeEndpoints: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "endpoints.changed") return;
      for (const [key, endpoints] of event.endpoints) {
        if (context.endpoints.get(key) === endpoints || !context.gateways.includes(key)) continue;
        if (!context.chosen) continue;
        enqueue.sendTo(gatewayActorId(key), { type: "endpoints.changed", ...endpoints });
      }
      enqueue.assign({ endpoints: event.endpoints });
    }),
    takeTunnel: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "tunnel.changed") return;
      const { path, child, tunnel } = event;
      const others = tunnelsWithout(context.tunnels, event);
      enqueue.assign({ tunnels: others.concat({ path, child, tunnel }) });
      if (path !== context.via || !context.gateways.includes(child)) return;
      enqueue.sendTo(gatewayActorId(child), { type: "tunnel.changed", tunnel });
    }),
    forgetTunnel: assign(({ context: { tunnels }, event }) =>
      event.type === "child.ended" ? { tunnels: tunnelsWithout(tunnels, event) } : {},
    ),
    /** Ends the gateway of a child whose SAs have ended, unless it is declared. */
    endGateway: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "child.ended" || !context.gateways.includes(event.child)) return;
      if (context.connection.children.some(({ key }) => key === event.child)) return;
      enqueue.sendTo(gatewayActorId(event.child), { type: "stop" });
    }),
    takeState: assign(({ context, event }) => {
      if (!("snapshot" in event)) return {};
      const { path, failure } = event.snapshot.context;
      const state = publicStateOf(event.snapshot);
      if (state === undefined) return {};
      return {
        paths: context.paths.map((one) => (one.path === path ? { ...one, state, failure } : one)),
      };
    }),
    endGateways: enqueueActions(({ enqueue, context }) => {
      for (const key of context.gateways) enqueue.sendTo(gatewayActorId(key), { type: "stop" });
    }),
    forgetPath: enqueueActions(({ enqueue, context, event }) => {
      const id = idIn(event.type);
      enqueue.stopChild(id);
      const stays = ({ path }: { path: string }) => pathActorId(path) !== id;
      enqueue.assign({
        paths: context.paths.filter(stays),
        tunnels: context.tunnels.filter(stays),
      });
    }),
    forgetGateway: enqueueActions(({ enqueue, context, event }) => {
      const id = idIn(event.type);
      enqueue.stopChild(id);
      enqueue.assign({ gateways: context.gateways.filter((key) => gatewayActorId(key) !== id) });
    }),
    takeCarried: assign(({ context, event }) => {
      if (event.type !== "path.carries") return {};
      const { path, children: carried } = event;
      return { paths: context.paths.map((one) => (one.path === path ? { ...one, carried } : one)) };
    }),
  },
  guards: connectionGuards,
  delays: {
    /** For packets in flight when another path takes over. */
    parting: 1_000,
    handover: handoverMs,
    announcing: announcingMs,
    /** For the further children of a path that came up. */
    settling: 1_000,
  },
});
