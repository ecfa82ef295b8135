import { isDeepStrictEqual } from "node:util";
import { and, assign, type SnapshotFrom } from "xstate";
import { orderOf } from "./gateway-order.ts";
import { gatewaySetup } from "./gateway-setup.ts";
import type { GatewayContext } from "./gateway-types.ts";

const attend = {
  id: "attend",
  src: "attend",
  input: ({ context }: { readonly context: GatewayContext }) => orderOf(context),
} as const;

/** The gateway of one child: keeps its namespace as planned, even if other programs change it. */
export const gatewayMachine = gatewaySetup.createMachine({
  id: "gateway",
  context: ({ input }) => ({
    ...input,
    carries: input.carries ?? true,
    contests: 0,
    gateway: undefined,
    workers: [],
    tunnel: undefined,
    held: undefined,
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
      actions: assign(({ context, event: { connection, child, tunnels } }) => ({
        connection,
        child,
        tunnels,
        // Each if_id has a namespace of its own.
        gateway: child.ifId === context.child.ifId ? context.gateway : undefined,
        applied: context.applied && child.ifId === context.child.ifId,
      })),
      target: ".stale",
    },
    "endpoints.changed": {
      actions: assign({
        gateway: ({ event }) => event.gateway,
        workers: ({ event }) => event.workers,
        services: ({ event }) => event.services,
        attempt: 0,
        applied: ({ context, event }) =>
          context.applied && event.gateway?.id === context.gateway?.id,
      }),
      target: ".stale",
    },
    "tunnel.changed": [
      {
        guard: ({ context }) => context.tunnel === undefined,
        actions: assign({ tunnel: ({ event }) => event.tunnel }),
        target: ".stale",
      },
      {
        guard: ({ context, event }) => !isDeepStrictEqual(context.tunnel, event.tunnel),
        actions: [
          assign({ tunnel: ({ event }) => event.tunnel }),
          { type: "recur", params: { cause: "the SA's algorithms or the peer's address change" } },
        ],
        target: ".unsteady",
      },
    ],
    "tunnels.changed": {
      actions: [
        assign(({ context, event }) => ({
          tunnels: event.tunnels,
          tunnel: event.tunnel ?? context.tunnel,
          carries: event.carries ?? context.carries,
        })),
        { type: "expectRelease" },
      ],
      target: ".stale",
    },
    announce: { actions: { type: "noteContest" } },
    hold: { guard: "holdable", actions: { type: "hold" } },
    release: { actions: { type: "release", params: {} } },
    stop: ".terminating",
  },
  states: {
    absent: {
      description: "There is no namespace to configure; the gateway requests one.",
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
        waiting: { description: "A namespace was requested and is not ready yet." },
        refused: {
          description: "No namespace could be created; the gateway retries.",
          after: { backoff: "placing" },
        },
      },
    },
    stale: {
      description: "The plan may have changed.",
      entry: assign({ changed: [], wokenBy: [] }),
      always: [{ guard: "located", target: "configuring" }, { target: "absent" }],
    },
    unsteady: {
      description: "An external change requires a pass; after too many of them the gateway pauses.",
      always: [
        { guard: and(["located", "looping"]), target: "degraded", actions: { type: "noteLoop" } },
        { target: "stale" },
      ],
    },
    configuring: {
      description: "A pass compares the namespace with the plan and applies the difference.",
      invoke: {
        id: "apply",
        src: "apply",
        input: ({ context }) => orderOf(context),
        onDone: {
          target: "ready",
          actions: [
            { type: "notePass", params: ({ event }) => event.output },
            { type: "release", params: { onlyDue: true } },
          ],
        },
        onError: {
          target: "degraded",
          actions: [
            { type: "noteFailure", params: ({ event }) => ({ error: event.error }) },
            { type: "countFailure" },
            { type: "release", params: { onlyDue: true } },
          ],
        },
      },
    },
    ready: {
      description: "The namespace matches the plan, and the agent watches it.",
      invoke: attend,
      on: {
        "kernel.changed": { actions: { type: "noteChange" } },
        announce: { target: "ready", reenter: true, actions: { type: "noteContest" } },
        "attend.failed": { target: "degraded", actions: { type: "noteUnattended" } },
      },
      initial: "entered",
      states: {
        entered: {
          always: [
            { guard: "woken", target: "resting" },
            { guard: "disturbed", target: "disturbed" },
            { target: "quiet" },
          ],
        },
        quiet: { on: { "kernel.changed": { target: "changed", actions: { type: "noteChange" } } } },
        disturbed: {
          description:
            "The gateway was disturbed recently, and counts that; it forgets the counts after a while.",
          on: { "kernel.changed": { target: "changed", actions: { type: "noteChange" } } },
          after: {
            calm: { guard: "calmable", actions: { type: "calm" } },
            steady: {
              target: "quiet",
              actions: assign({ recurrences: [], failure: undefined }),
            },
          },
        },
        resting: {
          description: "A change was just handled; the next pass waits for a moment.",
          on: { "kernel.changed": { target: "postponed", actions: { type: "noteChange" } } },
          after: { rest: [{ guard: "disturbed", target: "disturbed" }, { target: "quiet" }] },
        },
        postponed: { after: { rest: "due" } },
        changed: {
          description: "The kernel reported a change; more may follow.",
          after: { settle: "due" },
        },
        due: {
          description: "A pass is due, unless many recent passes repaired the same part.",
          entry: { type: "wake" },
          always: [
            { guard: "contested", target: "#gateway.degraded", actions: { type: "noteLoop" } },
            { target: "#gateway.configuring" },
          ],
        },
      },
      after: {
        resync: { target: "configuring", actions: assign({ changed: [], wokenBy: [] }) },
      },
    },
    degraded: {
      description:
        "The kernel rejected a part of the plan, the namespace cannot be watched, or another program keeps changing it; the gateway retries.",
      // The device may be in place although a pass failed, for example because charon is not running.
      invoke: attend,
      on: {
        "kernel.changed": {
          guard: "fresh",
          target: "configuring",
          actions: { type: "wakeBy" },
        },
        announce: { target: "degraded", reenter: true, actions: { type: "noteContest" } },
      },
      after: { backoff: "configuring" },
    },
    terminating: {
      description: "The child was removed from the spec, and its SAs have ended.",
      on: { "*": {} },
      invoke: {
        id: "remove",
        src: "remove",
        input: ({ context }) => ({
          connectionId: context.connection.id,
          child: context.child.key,
        }),
        onDone: "gone",
        // The next start prunes a namespace that is left.
        onError: "gone",
      },
    },
    gone: { type: "final" },
  },
});

export type GatewaySnapshot = SnapshotFrom<typeof gatewayMachine>;
