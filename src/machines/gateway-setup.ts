import { assign, fromCallback, setup, type AnyEventObject } from "xstate";
import type { Gateway } from "../model/endpoint.ts";
import { failureOf } from "./failure-of.ts";
import type {
  GatewayContext,
  GatewayEvent,
  GatewayInput,
  GatewayOrder,
  PassResult,
  PlaceOrder,
} from "./gateway-types.ts";
import { notProvided } from "./not-provided.ts";
import { isLooping, loopFailure, pauseMs, recurring, steadyMs } from "./recurrence.ts";

const changedByOthers = "something other than ipman changes the gateway's namespace";

/** What the chart of a gateway is made of: its types, actors, actions, guards and delays. */
export const gatewaySetup = setup({
  types: {} as { context: GatewayContext; events: GatewayEvent; input: GatewayInput },
  actors: {
    /** Asks for a namespace; `endpoints.changed` tells when it is there. */
    place: notProvided<void, PlaceOrder>("place"),
    /** Brings the namespace's links, addresses, routes and entries in line with the plan. */
    apply: notProvided<PassResult, GatewayOrder>("apply"),
    /** Reports `kernel.changed` when the namespace changes. */
    watchKernel: fromCallback<AnyEventObject, Gateway>(() => {}),
    /** Keeps telling the workers where the gateway is. */
    announce: fromCallback<AnyEventObject, GatewayOrder>(() => {}),
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
    /** A pass that an event of the kernel caused, and that found something: others interfere. */
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
    /** Between two passes that events of the kernel cause. */
    rest: 250,
    steady: steadyMs,
    /** Events tell what changes, and when some were lost; this is for everything else. */
    resync: () => 600_000 * (0.75 + Math.random() / 2),
  },
});
