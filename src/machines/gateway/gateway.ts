import { and, assign, type SnapshotFrom } from "xstate";
import type { Gateway } from "../../model/network/endpoint.ts";
import { gatewaySetup } from "./gateway-setup.ts";
import type { GatewayContext, GatewayOrder, Tunnel } from "./gateway-types.ts";

function sameTunnel(a: Tunnel | undefined, b: Tunnel): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function orderOf(context: GatewayContext): GatewayOrder {
  const { connection, child, workers, tunnel, applied } = context;
  return { connection, child, gateway: context.gateway as Gateway, workers, tunnel, applied };
}

/** The gateway of one child: keeps its namespace as planned, whatever others do to it. */
export const gatewayMachine = gatewaySetup.createMachine({
  id: "gateway",
  context: ({ input }) => ({
    ...input,
    gateway: undefined,
    workers: [],
    tunnel: undefined,
    failure: undefined,
    attempt: 0,
    applied: false,
    changed: [],
    wokenBy: [],
    recurrences: [],
  }),
  initial: "absent",
  on: {
    "child.changed": {
      actions: assign(({ context, event: { connection, child } }) => ({
        connection,
        child,
        // Another if_id is another namespace.
        gateway: child.ifId === context.child.ifId ? context.gateway : undefined,
        applied: context.applied && child.ifId === context.child.ifId,
      })),
      target: ".stale",
    },
    "endpoints.changed": {
      actions: assign({
        gateway: ({ event }) => event.gateway,
        workers: ({ event }) => event.workers,
        attempt: 0,
        applied: ({ context, event }) =>
          context.applied && event.gateway?.id === context.gateway?.id,
      }),
      target: ".stale",
    },
    "tunnel.changed": {
      guard: ({ context, event }) => !sameTunnel(context.tunnel, event.tunnel),
      actions: [
        assign({ tunnel: ({ event }) => event.tunnel }),
        { type: "recur", params: { cause: "the SA's algorithms or the peer's address change" } },
      ],
      target: ".unsteady",
    },
  },
  states: {
    absent: {
      description: "There is no namespace to configure; one is asked for.",
      initial: "placing",
      states: {
        placing: {
          invoke: {
            id: "place",
            src: "place",
            input: ({ context: { connection, child, tunnel } }) => ({
              connection,
              child,
              urgent: tunnel !== undefined,
            }),
            onDone: "waiting",
            onError: {
              target: "refused",
              actions: { type: "noteFailure", params: ({ event }) => ({ error: event.error }) },
            },
          },
        },
        waiting: { description: "It was asked for, and comes when it comes." },
        refused: {
          description: "No namespace could be made; it is tried again.",
          after: { backoff: "placing" },
        },
      },
    },
    stale: {
      description: "Something that the plan depends on has changed.",
      entry: assign({ changed: [], wokenBy: [] }),
      always: [{ guard: "located", target: "configuring" }, { target: "absent" }],
    },
    unsteady: {
      description: "Something that others decide has changed: a pass is due, or too many were.",
      always: [
        { guard: and(["located", "looping"]), target: "degraded", actions: { type: "noteLoop" } },
        { target: "stale" },
      ],
    },
    configuring: {
      description: "The kernel is compared with the plan, and the difference applied.",
      invoke: {
        id: "apply",
        src: "apply",
        input: ({ context }) => orderOf(context),
        onDone: {
          target: "ready",
          actions: { type: "notePass", params: ({ event }) => event.output },
        },
        onError: {
          target: "degraded",
          actions: [
            { type: "noteFailure", params: ({ event }) => ({ error: event.error }) },
            { type: "countFailure" },
          ],
        },
      },
    },
    ready: {
      description: "The namespace is as planned, and watched.",
      invoke: [
        {
          id: "watchKernel",
          src: "watchKernel",
          input: ({ context }) => context.gateway as Gateway,
          onError: {
            target: "degraded",
            actions: [
              assign({ attempt: 1 }),
              { type: "recur", params: { cause: "the namespace cannot be watched" } },
            ],
          },
        },
        {
          id: "announce",
          src: "announce",
          input: ({ context }) => orderOf(context),
          onError: {
            target: "degraded",
            actions: [
              assign({ attempt: 1 }),
              { type: "recur", params: { cause: "the workers cannot be told of the gateway" } },
            ],
          },
        },
      ],
      on: { "kernel.changed": { actions: { type: "noteChange" } } },
      initial: "entered",
      states: {
        entered: { always: [{ guard: "woken", target: "resting" }, { target: "quiet" }] },
        quiet: { on: { "kernel.changed": { target: "changed", actions: { type: "noteChange" } } } },
        resting: {
          description: "A change has just been dealt with; the next one waits for a moment.",
          on: { "kernel.changed": { target: "postponed", actions: { type: "noteChange" } } },
          after: { rest: "quiet" },
        },
        postponed: { after: { rest: "due" } },
        changed: {
          description: "The kernel reported a change; more may follow at once.",
          after: { settle: "due" },
        },
        due: {
          description: "A pass is due, unless many before it had to repair the same part.",
          entry: { type: "wake" },
          always: [
            { guard: "contested", target: "#gateway.degraded", actions: { type: "noteLoop" } },
            { target: "#gateway.configuring" },
          ],
        },
      },
      after: {
        calm: { guard: "calmable", actions: { type: "calm" } },
        steady: {
          actions: assign({ recurrences: [], failure: undefined }),
        },
        resync: { target: "configuring", actions: assign({ changed: [], wokenBy: [] }) },
      },
    },
    degraded: {
      description:
        "The kernel refused a part of the plan, the namespace cannot be watched, or others change it again and again; it is tried again.",
      invoke: [
        {
          // A pass that failed, since charon is away for one, may have left the device in place.
          id: "announce",
          src: "announce",
          input: ({ context }) => orderOf(context),
          onError: { actions: [] },
        },
        {
          id: "watchKernel",
          src: "watchKernel",
          input: ({ context }) => context.gateway as Gateway,
          onError: { actions: [] },
        },
      ],
      on: {
        "kernel.changed": {
          guard: "fresh",
          target: "configuring",
          actions: { type: "wakeBy" },
        },
      },
      after: { backoff: "configuring" },
    },
  },
});

export type GatewaySnapshot = SnapshotFrom<typeof gatewayMachine>;
