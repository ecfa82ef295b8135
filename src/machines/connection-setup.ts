import { assign, emit, enqueueActions, setup } from "xstate";
import type { Failure } from "../model/failure.ts";
import type { Child } from "../model/connection.ts";
import { isEstablished, isMoving, isRekeying } from "../model/sa.ts";
import { backoffMs } from "./backoff.ts";
import { childMachine } from "./child.ts";
import { connectionChange } from "./connection-change.ts";
import { childIdIn, outdatedSas } from "./connection-facts.ts";
import {
  childActorId,
  type ConnectionContext,
  type ConnectionEmitted,
  type ConnectionEvent,
  type ConnectionInput,
  type LoadOrder,
} from "./connection-types.ts";
import { notProvided } from "./not-provided.ts";

/** What the chart of a connection is made of: its types, actors, actions, guards and delays. */
export const connectionSetup = setup({
  types: {} as {
    context: ConnectionContext;
    events: ConnectionEvent;
    emitted: ConnectionEmitted;
    input: ConnectionInput;
    children: Record<string, "child">;
  },
  actors: {
    child: childMachine,
    /**
     * Gives charon the secret and the connection; what is there already is not disturbed.
     * Tells the unique ids of IKE SAs that were made when it had other addresses.
     */
    load: notProvided<readonly string[], LoadOrder>("load"),
    /** Ends IKE SAs by their unique ids. */
    terminateIke: notProvided<void, { readonly uniqueIds: readonly string[] }>("terminateIke"),
    /** Ends the connection's SAs and takes connection and secret out of charon. */
    unload: notProvided<void, { readonly connectionName: string }>("unload"),
  },
  actions: {
    wantList: emit({ type: "sas.wanted" }),
    note: assign((_, params: { failure: Failure | undefined }) => ({ failure: params.failure })),
    takeList: assign(({ context, event }) => {
      if (event.type !== "sas.listed") return {};
      const { ikeSas } = event;
      return { ikeSas, pathMissing: context.pathMissing && ikeSas.some(isMoving) };
    }),
    missPath: enqueueActions(({ enqueue }) => {
      enqueue.assign({ pathMissing: true });
      enqueue.emit({ type: "sas.wanted" });
    }),
    passOn: enqueueActions(({ enqueue, event, context }) => {
      if (event.type !== "sas.listed" && event.type !== "peer.notified") return;
      for (const id of context.running) enqueue.sendTo(id, event);
    }),
    tellChildren: enqueueActions(
      (
        { enqueue, context },
        params: { type: "connection.loaded" | "connection.unloaded" | "stop" },
      ) => {
        for (const id of context.running) enqueue.sendTo(id, params);
      },
    ),
    spawnMissing: enqueueActions(({ enqueue, context }) => {
      const missing = context.connection.children.filter(
        (child) => !context.running.includes(childActorId(child.key)),
      );
      for (const child of missing) {
        enqueue.spawnChild("child", {
          id: childActorId(child.key),
          input: {
            connectionId: context.connection.id,
            connectionName: context.connection.name,
            child,
            loaded: false,
          },
        });
        const known = context.endpoints.get(child.key);
        if (known === undefined) continue;
        enqueue.sendTo(childActorId(child.key), { type: "endpoints.changed", ...known });
      }
      const spawned = missing.map((child) => childActorId(child.key));
      enqueue.assign({ running: [...context.running, ...spawned] });
    }),
    forgetChild: enqueueActions(({ enqueue, context, event }) => {
      const id = childIdIn(event.type);
      enqueue.stopChild(id);
      enqueue.assign({ running: context.running.filter((other) => other !== id) });
    }),
    takeSpec: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "spec.changed") return;
      const change = connectionChange(context.connection, event.connection);
      const runs = ({ key }: Child) => context.running.includes(childActorId(key));
      for (const { key } of change.removed.filter(runs)) {
        enqueue.sendTo(childActorId(key), { type: "stop" });
      }
      for (const { child, replaces } of change.kept.filter(({ child }) => runs(child))) {
        enqueue.sendTo(childActorId(child.key), {
          type: "child.changed",
          child,
          replaces: replaces && !change.ike,
        });
      }
      enqueue.assign({
        connection: event.connection,
        attempt: 0,
        failure: undefined,
        outdated: change.ike ? context.ikeSas.map((sa) => sa.uniqueId) : context.outdated,
      });
    }),
    takeEndpoints: enqueueActions(({ enqueue, context, event }) => {
      if (event.type !== "endpoints.changed") return;
      for (const [key, endpoints] of event.endpoints) {
        const id = childActorId(key);
        if (context.endpoints.get(key) === endpoints || !context.running.includes(id)) continue;
        enqueue.sendTo(id, { type: "endpoints.changed", ...endpoints });
      }
      enqueue.assign({ endpoints: event.endpoints });
    }),
    takeSecret: assign(({ event }) => {
      if (event.type === "secret.changed") return { secretRevision: event.revision };
      return event.type === "secret.missing" ? { secretRevision: undefined } : {};
    }),
    /** They count as gone; should one still be there, the next list has it. */
    forgetOutdated: assign(({ context }) => {
      const gone = new Set(outdatedSas(context));
      return { outdated: [], ikeSas: context.ikeSas.filter((sa) => !gone.has(sa.uniqueId)) };
    }),
  },
  guards: {
    loadable: ({ context }) => context.charonReady && context.secretRevision !== undefined,
    established: ({ context }) => context.ikeSas.some(isEstablished),
    rekeying: ({ context }) => context.ikeSas.some(isRekeying),
    moving: ({ context }) => context.ikeSas.some(isMoving),
    outdated: ({ context }) => outdatedSas(context).length > 0,
    stalled: ({ context }) => context.failure?.retryable === false,
    /** The peer said no, and charon has given the IKE SA up. */
    refused: ({ context }) => context.failure?.retryable === false && context.ikeSas.length === 0,
    secretIsNew: ({ context, event }) =>
      event.type === "secret.changed" && event.revision !== context.secretRevision,
  },
  delays: {
    backoff: ({ context }) => backoffMs(context.attempt),
    check: 2_000,
    rekeyDeadline: 60_000,
    /**
     * charon gives up the paths that it has after 20 s, and waits for others for ever; a dead
     * peer detection, which is the same task, it gives up in less than three minutes.
     */
    moveDeadline: ({ context }) => (context.pathMissing ? 30_000 : 300_000),
  },
});
