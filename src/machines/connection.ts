import { assign, emit, enqueueActions, setup } from "xstate";
import { failure, Reason, type Failure } from "../model/failure.ts";
import type { Child } from "../model/connection.ts";
import { isEstablished } from "../model/sa.ts";
import { backoffMs } from "./backoff.ts";
import { childMachine } from "./child.ts";
import { connectionChange } from "./connection-change.ts";
import { childIdIn, missingOf, outdatedSas, overdueSas } from "./connection-facts.ts";
import {
  childActorId,
  type ConnectionContext,
  type ConnectionEmitted,
  type ConnectionEvent,
  type ConnectionInput,
  type LoadOrder,
} from "./connection-types.ts";
import { failureOf } from "./failure-of.ts";
import { notProvided } from "./not-provided.ts";

const rekeyOverdue = failure(
  Reason.RekeyOverdue,
  "a rekey of the IKE SA did not come to an end; it is brought up anew",
);
const brokenDown = failure(Reason.Internal, "a child's actor broke down and was started anew");

/** One IPSecConnection: its IKE SA, and its children as actors. */
export const connectionMachine = setup({
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
    takeList: assign(({ event }) => (event.type === "sas.listed" ? { ikeSas: event.ikeSas } : {})),
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
        const known = context.endpoints[child.key];
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
      for (const [key, endpoints] of Object.entries(event.endpoints)) {
        const id = childActorId(key);
        if (context.endpoints[key] === endpoints || !context.running.includes(id)) continue;
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
    rekeying: ({ context }) => context.ikeSas.some((sa) => sa.state === "REKEYING"),
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
  },
}).createMachine({
  id: "connection",
  context: ({ input }) => ({
    ...input,
    ikeSas: [],
    failure: undefined,
    attempt: 0,
    outdated: [],
    running: [],
  }),
  initial: "pending",
  on: {
    "charon.ready": { actions: assign({ charonReady: true }), target: ".pending" },
    "charon.lost": {
      actions: [
        assign({ charonReady: false, ikeSas: [], outdated: [] }),
        { type: "tellChildren", params: { type: "connection.unloaded" } },
      ],
      target: ".pending",
    },
    "secret.changed": {
      guard: "secretIsNew",
      actions: { type: "takeSecret" },
      target: ".pending",
    },
    "secret.missing": { actions: { type: "takeSecret" } },
    "spec.changed": { actions: { type: "takeSpec" }, target: ".pending" },
    "sas.listed": { actions: [{ type: "takeList" }, { type: "passOn" }] },
    "sas.wanted": { actions: { type: "wantList" } },
    "peer.notified": { actions: { type: "passOn" } },
    "endpoints.changed": { actions: { type: "takeEndpoints" } },
    "xstate.done.actor.child.*": {
      // Spawned anew where it was declared again while it went.
      actions: { type: "forgetChild" },
      target: ".pending",
    },
    "xstate.error.actor.child.*": {
      actions: [{ type: "forgetChild" }, { type: "note", params: { failure: brokenDown } }],
      target: ".failed",
    },
    restart: {
      actions: assign({
        outdated: ({ context }) => context.ikeSas.map((sa) => sa.uniqueId),
        failure: undefined,
        attempt: 0,
      }),
      target: ".pending",
    },
    delete: ".terminating",
  },
  states: {
    pending: {
      description: "Something it needs is missing; the failure names it.",
      entry: { type: "spawnMissing" },
      always: [
        { guard: "loadable", target: "loading" },
        {
          guard: ({ context }) => context.failure !== missingOf(context),
          actions: { type: "note", params: ({ context }) => ({ failure: missingOf(context) }) },
        },
      ],
    },
    loading: {
      description: "charon is given the secret and the connection. SAs that exist go on.",
      tags: "pending",
      invoke: {
        id: "load",
        src: "load",
        input: ({ context }) => ({ connection: context.connection }),
        onDone: {
          target: "replacing",
          actions: [
            assign(({ context, event }) => ({
              failure: undefined,
              attempt: 0,
              outdated: [...context.outdated, ...event.output],
            })),
            { type: "tellChildren", params: { type: "connection.loaded" } },
          ],
        },
        onError: {
          target: "failed",
          actions: { type: "note", params: ({ event }) => ({ failure: failureOf(event.error) }) },
        },
      },
    },
    replacing: {
      description: "IKE SAs that are not what is declared are ended; the children order new ones.",
      tags: "negotiating",
      invoke: {
        id: "terminateIke",
        src: "terminateIke",
        input: ({ context }) => ({ uniqueIds: outdatedSas(context) }),
        onDone: { target: "negotiating", actions: { type: "forgetOutdated" } },
        onError: { target: "negotiating", actions: { type: "forgetOutdated" } },
      },
    },
    negotiating: {
      description: "The children have ordered their SAs; there is no IKE SA yet.",
      entry: { type: "wantList" },
      always: [
        { guard: "outdated", target: "replacing" },
        { guard: "established", target: "established" },
        { guard: "refused", target: "failed.refused" },
      ],
      on: {
        "peer.notified": {
          actions: [
            { type: "note", params: ({ event }) => ({ failure: event.failure }) },
            { type: "passOn" },
          ],
        },
      },
    },
    established: {
      description: "The IKE SA is up.",
      entry: { type: "note", params: { failure: undefined } },
      always: [
        { guard: "outdated", target: "replacing" },
        { guard: ({ context }) => !context.ikeSas.some(isEstablished), target: "negotiating" },
        { guard: "rekeying", target: "rekeying" },
      ],
    },
    rekeying: {
      description: "A new IKE SA is taking the place of the old one; the children go on.",
      always: [
        { guard: ({ context }) => !context.ikeSas.some(isEstablished), target: "negotiating" },
        {
          guard: ({ context }) => context.ikeSas.every((sa) => sa.state !== "REKEYING"),
          target: "established",
        },
      ],
      initial: "waiting",
      states: {
        waiting: {
          after: { check: { target: "waiting", reenter: true, actions: { type: "wantList" } } },
        },
      },
      after: {
        rekeyDeadline: {
          target: "replacing",
          actions: [
            { type: "note", params: { failure: rekeyOverdue } },
            assign({ outdated: ({ context }) => overdueSas(context) }),
          ],
        },
      },
    },
    failed: {
      description:
        "charon does not take the connection, or the peer does not; the failure says why.",
      entry: assign({ attempt: ({ context }) => context.attempt + 1 }),
      initial: "deciding",
      states: {
        deciding: { always: [{ guard: "stalled", target: "rejected" }, { target: "retrying" }] },
        retrying: {
          description: "charon could not be told; it is tried again.",
          after: { backoff: "#connection.pending" },
        },
        rejected: {
          description:
            "charon refused the configuration: only another spec, or another charon, helps.",
        },
        refused: {
          description: "The peer refused. The children try again now and then.",
          always: [
            { guard: "established", target: "#connection.established" },
            {
              guard: ({ context }) => context.ikeSas.length > 0,
              target: "#connection.negotiating",
            },
          ],
        },
      },
    },
    terminating: {
      description: "The connection was deleted: SAs, secret and gateways go.",
      initial: "children",
      entry: { type: "tellChildren", params: { type: "stop" } },
      on: {
        "xstate.done.actor.child.*": { actions: { type: "forgetChild" } },
        "xstate.error.actor.child.*": { actions: { type: "forgetChild" } },
        "*": {},
      },
      states: {
        children: {
          description: "Each child ends its SA and its gateway.",
          always: { guard: ({ context }) => context.running.length === 0, target: "unloading" },
        },
        unloading: {
          invoke: {
            id: "unload",
            src: "unload",
            input: ({ context }) => ({ connectionName: context.connection.name }),
            onDone: "#connection.gone",
            // charon is away, and its SAs with it; what it keeps is pruned when it is back.
            onError: "#connection.gone",
          },
        },
      },
    },
    gone: { type: "final" },
  },
});
