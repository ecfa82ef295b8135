import { assign, fromCallback, setup, type AnyEventObject } from "xstate";
import type { Child } from "../model/connection.ts";
import type { Gateway, Worker } from "../model/endpoint.ts";
import type { Failure } from "../model/failure.ts";
import type { EspSuite } from "../model/mtu.ts";
import { backoffMs } from "./backoff.ts";
import { failureOf } from "./failure-of.ts";
import { notProvided } from "./not-provided.ts";

/** What the tunnel was negotiated to be, as far as packet sizes go. */
export interface Tunnel {
  readonly suite: EspSuite;
  readonly encapsulated: boolean;
  /** The peer's address, which the outer header has. */
  readonly remoteHost: string;
}

/** Everything that `apply` needs to bring a gateway's namespace into shape. */
export interface GatewayOrder {
  readonly connectionId: string;
  readonly child: Child;
  readonly gateway: Gateway;
  readonly workers: readonly Worker[];
  /** Undefined until a CHILD SA tells. */
  readonly tunnel: Tunnel | undefined;
  /** Whether it was in shape before: something small changed since. */
  readonly applied: boolean;
}

/** Where a child's gateway and workers are. */
export interface ChildEndpoints {
  /** Undefined while there is no namespace for it. */
  readonly gateway: Gateway | undefined;
  readonly workers: readonly Worker[];
}

export interface GatewayContext {
  readonly connectionId: string;
  readonly child: Child;
  readonly gateway: Gateway | undefined;
  readonly workers: readonly Worker[];
  readonly tunnel: Tunnel | undefined;
  readonly failure: Failure | undefined;
  readonly attempt: number;
  /** Whether this namespace was in shape once. */
  readonly applied: boolean;
}

export type GatewayEvent =
  | { type: "child.changed"; child: Child }
  | ({ type: "endpoints.changed" } & ChildEndpoints)
  | { type: "tunnel.changed"; tunnel: Tunnel }
  | { type: "kernel.changed" };

/** What `place` needs to bring a namespace about. */
export interface PlaceOrder {
  readonly connectionId: string;
  readonly child: Child;
  /** True where traffic may be waiting: a CHILD SA is there already. */
  readonly urgent: boolean;
}

export type GatewayInput = Pick<GatewayContext, "connectionId" | "child">;

function sameTunnel(a: Tunnel | undefined, b: Tunnel): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The gateway of one child: keeps its namespace as planned, whoever breaks it. */
export const gatewayMachine = setup({
  types: {} as { context: GatewayContext; events: GatewayEvent; input: GatewayInput },
  actors: {
    /** Asks for a namespace; `endpoints.changed` tells when it is there. */
    place: notProvided<void, PlaceOrder>("place"),
    /** Brings the namespace's links, addresses, routes and entries in line with the plan. */
    apply: notProvided<void, GatewayOrder>("apply"),
    /** Reports `kernel.changed` when somebody changes the namespace. */
    watchKernel: fromCallback<AnyEventObject, Gateway>(() => {}),
  },
  actions: {
    noteFailure: assign(({ context }, params: { error: unknown }) => ({
      failure: failureOf(params.error),
      attempt: context.attempt + 1,
    })),
  },
  delays: {
    backoff: ({ context }) => backoffMs(context.attempt),
    settle: 20,
    /** A watch that fails at once does not begin with the shortest backoff each time. */
    steady: 60_000,
    /** Events tell what changes, and when some were lost; this is for what nobody foresaw. */
    resync: () => 600_000 * (0.75 + Math.random() / 2),
  },
}).createMachine({
  id: "gateway",
  context: ({ input }) => ({
    ...input,
    gateway: undefined,
    workers: [],
    tunnel: undefined,
    failure: undefined,
    attempt: 0,
    applied: false,
  }),
  initial: "absent",
  on: {
    "child.changed": {
      actions: assign(({ context, event: { child } }) => ({
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
      actions: assign({ tunnel: ({ event }) => event.tunnel }),
      target: ".stale",
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
            input: ({ context: { connectionId, child, tunnel } }) => ({
              connectionId,
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
      always: [
        { guard: ({ context }) => context.gateway !== undefined, target: "configuring" },
        { target: "absent" },
      ],
    },
    configuring: {
      description: "The kernel is compared with the plan, and the difference applied.",
      invoke: {
        id: "apply",
        src: "apply",
        input: ({ context }) => ({
          connectionId: context.connectionId,
          child: context.child,
          gateway: context.gateway as Gateway,
          workers: context.workers,
          tunnel: context.tunnel,
          applied: context.applied,
        }),
        onDone: {
          target: "ready",
          actions: assign({ failure: undefined, applied: true }),
        },
        onError: {
          target: "degraded",
          actions: { type: "noteFailure", params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    ready: {
      description: "The namespace is as planned, and watched.",
      invoke: {
        id: "watchKernel",
        src: "watchKernel",
        input: ({ context }) => context.gateway as Gateway,
        onError: {
          target: "degraded",
          actions: { type: "noteFailure", params: ({ event }) => ({ error: event.error }) },
        },
      },
      initial: "quiet",
      states: {
        quiet: {
          on: { "kernel.changed": "changed" },
          after: { steady: { actions: assign({ attempt: 0 }) } },
        },
        changed: {
          description: "Somebody changed the namespace; more may follow at once.",
          after: { settle: "#gateway.configuring" },
        },
      },
      after: { resync: "configuring" },
    },
    degraded: {
      description:
        "The kernel refused a part of the plan, or the namespace cannot be watched; it is tried again.",
      after: { backoff: "configuring" },
    },
  },
});
