import { and, assign, fromCallback, setup, type AnyEventObject } from "xstate";
import type { Child } from "../model/connection.ts";
import type { Gateway, Worker } from "../model/endpoint.ts";
import type { Failure } from "../model/failure.ts";
import type { EspSuite } from "../model/mtu.ts";
import { failureOf } from "./failure-of.ts";
import { notProvided } from "./not-provided.ts";
import {
  isLooping,
  loopFailure,
  noRecurrence,
  pauseMs,
  recurring,
  steadyMs,
  type Recurrence,
} from "./recurrence.ts";

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
  /** Whether the present pass, or the last one, was made because the kernel reported a change. */
  readonly woken: boolean;
  /** Of what brought a pass about, other than what is declared. */
  readonly recurrence: Recurrence;
}

/** What a pass did. */
export interface PassResult {
  /** Whether anything was not as planned. */
  readonly repaired: boolean;
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

const changedByOthers = "something other than ipman changes the gateway's namespace";

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
    apply: notProvided<PassResult, GatewayOrder>("apply"),
    /** Reports `kernel.changed` when somebody changes the namespace. */
    watchKernel: fromCallback<AnyEventObject, Gateway>(() => {}),
  },
  actions: {
    noteFailure: assign(({ context }, params: { error: unknown }) => ({
      failure: failureOf(params.error),
      attempt: context.attempt + 1,
    })),
    /** The first of several failures in a row recurs; the others have a pause that grows. */
    countFailure: assign(({ context }) => {
      if (context.attempt > 1) return {};
      const cause = "the kernel refuses a part of the plan";
      return { recurrence: recurring(context.recurrence, "degraded", cause) };
    }),
    recur: assign(({ context }, params: { cause: string }) => ({
      recurrence: recurring(context.recurrence, "configuring", params.cause),
    })),
    /** Where a pass that the kernel's news brought about found something, others work against it. */
    notePass: assign(({ context }, { repaired }: PassResult) => {
      const contested = context.woken && repaired;
      const recurrence = contested
        ? recurring(context.recurrence, "configuring", changedByOthers)
        : context.recurrence;
      const failure = isLooping(recurrence) ? loopFailure(recurrence) : undefined;
      return { failure, recurrence, attempt: 0, applied: true };
    }),
    noteLoop: assign(({ context }) => ({ failure: loopFailure(context.recurrence) })),
  },
  guards: {
    located: ({ context }) => context.gateway !== undefined,
    looping: ({ context }) => isLooping(context.recurrence),
    woken: ({ context }) => context.woken,
  },
  delays: {
    backoff: ({ context }) => pauseMs(context),
    settle: 20,
    /** Between two passes that the kernel's news bring about. */
    rest: 250,
    steady: steadyMs,
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
    ...{ woken: false, recurrence: noRecurrence },
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
      entry: assign({ woken: false }),
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
      invoke: {
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
      initial: "entered",
      states: {
        entered: { always: [{ guard: "woken", target: "resting" }, { target: "quiet" }] },
        quiet: { on: { "kernel.changed": "changed" } },
        resting: {
          description: "A change has just been dealt with; the next one waits for a moment.",
          on: { "kernel.changed": "postponed" },
          after: { rest: "quiet" },
        },
        postponed: { after: { rest: "due" } },
        changed: {
          description: "The kernel reported a change; more may follow at once.",
          after: { settle: "due" },
        },
        due: {
          description: "A pass is due, unless many before it had to put something right.",
          entry: assign({ woken: true }),
          always: [
            { guard: "looping", target: "#gateway.degraded", actions: { type: "noteLoop" } },
            { target: "#gateway.configuring" },
          ],
        },
      },
      after: {
        steady: {
          actions: assign({ recurrence: noRecurrence, failure: undefined }),
        },
        resync: { target: "configuring", actions: assign({ woken: false }) },
      },
    },
    degraded: {
      description:
        "The kernel refused a part of the plan, or others change the namespace again and again; it is tried again.",
      after: { backoff: "configuring" },
    },
  },
});
